/* Landlock: what no program in a sandbox, and no process of ours, may do to files, sockets and processes outside, whatever else fails. */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stdbool.h>

/* Restricts the caller for good. Returns the ABI in force (0: this kernel has none) or -errno. */
int landlock_restrict(bool loopback);

/* The same for a process of the launcher: no TCP, no signal and no abstract socket but among its own. Of files nothing, since any right on
 * them that is handled would forbid mounting to it and its children. Tries that it holds. Returns the ABI in force, 0 if this kernel's
 * knows no such rules, or -errno. */
int landlock_restrict_launcher(void);

#endif
