/* How many sandboxes are wanted at one time, from what was in use lately. */
#ifndef DEMAND_H
#define DEMAND_H

#include <stdint.h>

struct demand {
  unsigned peak[2]; /* of this span of time, and of the one before */
  uint64_t span_end_ns;
};

/* So many are in use now. Returns the most that were at one time, in the last one to two spans. */
unsigned demand_note(struct demand *demand, unsigned in_use, uint64_t now_ns);

#endif
