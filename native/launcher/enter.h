/* From the host's user namespace into the outer one. */
#ifndef ENTER_H
#define ENTER_H

#include <sys/types.h>

/* Forks the inner process: new user namespace with the service user's whole id range, then mount, network, IPC and UTS
 * namespaces, then the same program again with --inner. `channel` is the front's end. Returns its pid or -errno.
 * Comes back when the inner process stands on its ground. */
pid_t enter_start(int count, char **words, int *channel);

#endif
