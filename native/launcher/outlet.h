/* The one frame that is on its way to the worker: while a part of it is not taken, no other can begin. */
#ifndef OUTLET_H
#define OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

enum { OUTLET_CHUNK = 65536, OUTLET_BUFFER = FRAME_HEADER + OUTLET_CHUNK };

struct outlet {
  size_t have;
  size_t done;
  uint8_t bytes[OUTLET_BUFFER];
};

bool outlet_empty(const struct outlet *outlet);

/* Sends what the connection takes now. 0, or -errno when nobody is there any more: then it is empty. */
int outlet_flush(struct outlet *outlet, int connection);

/* Sends the rest of what has been begun, waiting until then. 0 or -errno. */
int outlet_finish(struct outlet *outlet, int connection, uint64_t deadline_ns);

#endif
