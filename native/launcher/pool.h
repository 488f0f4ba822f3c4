/* The pool: supervisors, forked ahead, each with a sandbox that waits for a job in a slot of its own. One sandbox serves one connection and is
 * then destroyed; its slot gets a new one, if one more is to wait. */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>

#include "demand.h"
#include "inner.h"
#include "room.h"
#include "supervise.h"

struct pool_entry {
  pid_t pid;         /* of the supervisor; 0: none of ours */
  int channel;       /* to it while it waits; -1: it serves, or leaves */
  bool leaves;       /* let go, since too many waited */
  uint64_t retry_ns; /* not forked again before */
};

struct pool {
  const struct world *world;
  int locks;          /* the directory of the slot locks */
  unsigned running;   /* supervisors that have not ended */
  unsigned next;      /* the slot to look at first: in turn, so that none is always the coldest */
  struct demand demand;
  struct room room;
  struct standby *standby; /* shared with the supervisors, one a slot */
  struct pool_entry entry[OPTIONS_SLOTS];
};

/* 0 or -errno. */
int pool_open(struct pool *pool, const struct world *world, int locks);

/* Forks supervisors, or lets some go, until as many wait as is wanted: as many as served at one time lately, and no fewer than an idle pool
 * keeps, while there is memory for that; and one for each of the `connections` that wait for a slot, always. A slot that another launcher's
 * supervisor still holds is left for later. */
void pool_fill(struct pool *pool, unsigned connections);

/* Gives a connection to a supervisor that waits, one that is ready before one that still prepares. 0, or -EWOULDBLOCK: no slot is free. */
int pool_give(struct pool *pool, int connection);

/* Notes which supervisors have ended. */
void pool_reap(struct pool *pool);

/* Lets the waiting ones go; those that serve end by themselves. */
void pool_close(struct pool *pool);

#endif
