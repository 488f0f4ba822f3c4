/* Two spans: a peak is remembered for at least one. */
#include "demand.h"

static const uint64_t span_ns = 15000000000;

unsigned demand_note(struct demand *demand, unsigned in_use, uint64_t now_ns) {
  if (now_ns >= demand->span_end_ns) {
    demand->peak[1] = now_ns >= demand->span_end_ns + span_ns ? 0 : demand->peak[0];
    demand->peak[0] = 0;
    demand->span_end_ns = now_ns + span_ns;
  }
  if (in_use > demand->peak[0])
    demand->peak[0] = in_use;
  return demand->peak[0] > demand->peak[1] ? demand->peak[0] : demand->peak[1];
}
