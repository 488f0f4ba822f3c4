/* The pool: a supervisor for each slot, forked ahead, with a sandbox that waits for a job. One sandbox serves one connection and is
 * then destroyed; its slot gets a new one. */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>

#include "inner.h"
#include "supervise.h"

struct pool_entry {
  pid_t pid;         /* of the supervisor; 0: none of ours */
  int channel;       /* to it while it waits; -1: it serves */
  uint64_t retry_ns; /* not forked again before */
};

struct pool {
  const struct world *world;
  int locks;          /* the directory of the slot locks */
  unsigned running;   /* supervisors that have not ended */
  unsigned next;      /* the slot to look at first: in turn, so that none is always the coldest */
  struct standby *standby; /* shared with the supervisors, one a slot */
  struct pool_entry entry[OPTIONS_SLOTS];
};

/* 0 or -errno. */
int pool_open(struct pool *pool, const struct world *world, int locks);

/* Forks a supervisor for each slot that has none. A slot that another launcher's supervisor still holds is left for later. */
void pool_fill(struct pool *pool);

/* Gives a connection to a supervisor that waits, one that is ready before one that still prepares. 0, or -EWOULDBLOCK: no slot is free. */
int pool_give(struct pool *pool, int connection);

/* Notes which supervisors have ended. */
void pool_reap(struct pool *pool);

/* Lets the waiting ones go; those that serve end by themselves. */
void pool_close(struct pool *pool);

#endif
