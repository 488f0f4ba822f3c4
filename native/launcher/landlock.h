/* Landlock: what no program in a sandbox may do to files, sockets and processes outside, whatever else fails. */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stdbool.h>

/* Restricts the caller for good. Returns the ABI in force (0: this kernel has none) or -errno. */
int landlock_restrict(bool loopback);

#endif
