/* The launcher's own seccomp filters. Both need no_new_privs, and return 0 or -errno. */
#ifndef OWN_FILTER_H
#define OWN_FILTER_H

/* Of the inner process, inherited by every sandbox beneath the job's profile. Denies with EPERM what neither we nor any job ever needs. */
int own_filter_install(void);

/* Of the front, once it listens. Denies with EPERM all that it does not need from then on. */
int own_filter_install_front(void);

#endif
