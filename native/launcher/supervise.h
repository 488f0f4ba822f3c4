/* The process that holds one slot: it prepares a sandbox, waits for a connection, and serves that to its end. */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <stdatomic.h>

#include "guess.h"
#include "inner.h"

/* What a slot's supervisor shares with the pool and leaves to its successor. */
struct standby {
  atomic_bool ready; /* a sandbox waits */
  struct guess guess;
};

/* `channel` brings the connection; its end means that none will come. After that it has no use, and is not worth the time to close it. The slot's lock is held by this process. Never returns. */
_Noreturn void supervise(const struct world *world, unsigned slot, int channel, struct standby *standby);

#endif
