/* A terminal of the job's own, from the sandbox's own devpts: no other sandbox and nothing of the host can reach it. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

struct terminal {
  bool wanted;
  unsigned short rows;
  unsigned short columns;
};

/* As the job, in its session and with its ids already: makes one, its controlling terminal and its three streams, and sends the other end over
 * the channel. 0 or -errno. */
int terminal_make(const struct terminal *terminal, int channel);

/* Whether a descriptor that came from inside is the master end of a pseudo-terminal. */
bool terminal_is_master(int descriptor);

#endif
