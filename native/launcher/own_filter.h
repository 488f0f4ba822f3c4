/* The launcher's own seccomp filter, inherited by every sandbox beneath the job's profile. */
#ifndef OWN_FILTER_H
#define OWN_FILTER_H

#include <stdbool.h>

/* Denies with ENOSYS what neither we nor any job ever needs. Needs no_new_privs. Returns 0 or -errno. */
int own_filter_install(void);

/* Whether the call of that number is among them: then nobody may let it go on. */
bool own_filter_denies(unsigned number);

#endif
