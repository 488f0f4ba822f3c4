/* The launcher's own seccomp filters. Both need no_new_privs, and return 0 or -errno. */
#ifndef OWN_FILTER_H
#define OWN_FILTER_H

#include <stdbool.h>

/* Of the inner process, inherited by every sandbox beneath the job's profile. Denies with ENOSYS what neither we nor any job ever needs. */
int own_filter_install(void);

/* Of the front, once it listens. Denies with EPERM all that it does not need from then on. */
int own_filter_install_front(void);

/* Whether the call of that number is among those of the inner process: then nobody may let it go on. */
bool own_filter_denies(unsigned number);

#endif
