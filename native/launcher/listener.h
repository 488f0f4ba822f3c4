/* The job's side of the filter that tells: installed last, its listener handed to the supervisor. */
#ifndef LISTENER_H
#define LISTENER_H

#include "channel.h"
#include "filter_program.h"
#include "inheritance.h"

struct listener {
  int descriptor; /* close-on-exec, as the kernel makes it: the program never has it */
  struct filter_key key;
};

/* Installs what the plan says. 0 or -errno. */
int listener_install(const struct shared *shared, struct listener *out);

/* Sends a message with the listener, by a call that the filter lets through for us alone. 0 or -errno. */
int listener_hand_over(int channel, const struct message *message, const struct listener *listener);

#endif
