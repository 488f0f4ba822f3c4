/* The launcher's own seccomp filter, inherited by every sandbox beneath the job's profile. */
#ifndef OWN_FILTER_H
#define OWN_FILTER_H

/* Denies with EPERM what neither we nor any job ever needs. Needs no_new_privs. Returns 0 or -errno. */
int own_filter_install(void);

#endif
