/* Whether there is memory for sandboxes that nobody has asked for yet. */
#ifndef ROOM_H
#define ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroup.h"

struct room {
  const struct cgroup_roots *roots;
  uint64_t wanted_bytes; /* this much must be free */
  uint64_t looked_ns;
  bool is_short;
};

/* Looks a few times a second at most. What cannot be read counts as none. */
bool room_is_short(struct room *room, uint64_t now_ns);

#endif
