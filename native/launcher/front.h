/* The launcher's front: the only process outside the outer user namespace, where the uids of peers can be seen. It holds
 * the listening socket, checks who calls, and hands each connection to the inner process. */
#ifndef FRONT_H
#define FRONT_H

#include "options.h"

/* Runs until drained (0) or broken (not 0): the exit status. */
int front_run(const struct options *options, int count, char **words);

#endif
