/* Connections that wait until a slot is made new: between the end of one sandbox and the next one in its slot lies a moment in which
 * a worker may already know that the slot is free. */
#ifndef BACKLOG_H
#define BACKLOG_H

#include <stdint.h>

#include "options.h"

struct backlog {
  unsigned count;
  struct {
    int connection;
    uint64_t deadline_ns;
  } entry[OPTIONS_SLOTS];
};

/* Takes a connection; the oldest is served first. 0, or -ENOBUFS with as many as there are slots. */
int backlog_add(struct backlog *backlog, unsigned slots, int connection);

/* The oldest connection, or -1; and lets go of it once it is served. */
int backlog_first(const struct backlog *backlog);
void backlog_drop_first(struct backlog *backlog);

/* Refuses those that have waited too long; all of them if the launcher drains. */
void backlog_refuse(struct backlog *backlog, uint64_t now_ns, const char *code);

/* Milliseconds until the oldest has waited too long, or -1. */
int backlog_wait_ms(const struct backlog *backlog, uint64_t now_ns);

#endif
