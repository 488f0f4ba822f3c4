/* filter.h: resolved rules in, classic BPF (or its readable form) out. Never installs anything, never forks. */
#ifndef STOCKADE_ADDON_FILTER_H
#define STOCKADE_ADDON_FILTER_H

#include "program.h"
#include "request.h"

struct filter_error {
  int number;        /* errno, positive; 0 when none applies */
  const char *stage; /* fixed words */
  uint32_t index;    /* the layer, rule or call it happened at */
};

/* Both return 0, or -1 with *error filled in and nothing to release. The text is the caller's to free. */
int filter_compile(const struct request *request, struct program *program,
                   struct filter_error *error);
int filter_dump(const struct request *request, char **text, size_t *length,
                struct filter_error *error);

#endif
