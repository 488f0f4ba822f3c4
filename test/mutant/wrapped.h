/* What the linker puts between: __wrap_X is called instead of X, and __real_X is X (ld(1), --wrap). Where the C library has a variable list of
 * arguments, the longest one is declared as long as all are in registers; what may lie on the caller's stack must not be, since an argument
 * that the caller has not passed is then the caller's own memory. */
#ifndef WRAPPED_H
#define WRAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "mount_call.h"

struct attestation;
struct failure;
struct options;
struct sandbox;
struct shared;

#define WRAPPED(type, name, ...)     \
  type __wrap_##name(__VA_ARGS__);   \
  type __real_##name(__VA_ARGS__)

WRAPPED(int, inner_run, const struct options *options);
WRAPPED(void, sandbox_init, int channel, unsigned slot, struct shared *shared);
WRAPPED(void, job_run, int channel, const struct shared *shared);
WRAPPED(int, setresuid, uid_t real, uid_t effective, uid_t saved);
WRAPPED(int, setresgid, gid_t real, gid_t effective, gid_t saved);
WRAPPED(pid_t, setsid, void);
WRAPPED(int, setrlimit, __rlimit_resource_t resource, const struct rlimit *limit);
WRAPPED(int, prlimit, pid_t process, __rlimit_resource_t resource, const struct rlimit *limit, struct rlimit *old);
WRAPPED(int, sanitise_keep, const int *keep, unsigned count);
WRAPPED(int, sanitise_hide, void);
WRAPPED(int, own_filter_install, void);
WRAPPED(int, landlock_restrict, bool loopback);
WRAPPED(int, landlock_restrict_launcher, void);
WRAPPED(int, prctl, int option, unsigned long second, unsigned long third, unsigned long fourth, unsigned long fifth);
WRAPPED(int, unshare, int flags);
WRAPPED(int, execve, const char *path, char *const *words, char *const *environment);
WRAPPED(long, syscall, long number, ...);
WRAPPED(int, mount_make, const char *type, const char *const *options, uint64_t attributes);
WRAPPED(int, mount_flags, int mount, uint64_t attributes, bool recursive);
WRAPPED(int, mount_move, int mount, int at, const char *path);
WRAPPED(int, mount_change, const char *path, const char *const *options);
WRAPPED(int, move_mount, int from, const char *from_path, int to, const char *to_path, unsigned flags);
WRAPPED(int, root_drop_old, struct failure *failure);
WRAPPED(int, open, const char *path, int flags, mode_t mode);
WRAPPED(int, sethostname, const char *name, size_t length);
WRAPPED(int, ioctl, int descriptor, unsigned long request, void *value);
WRAPPED(int, cgroup_file_write, int group, const char *name, const char *text);
WRAPPED(int, cgroup_file_write_number, int group, const char *name, uint64_t number);
WRAPPED(int, attest_place, struct sandbox *sandbox, pid_t job, struct attestation *out);
WRAPPED(int, attest_process, struct sandbox *sandbox, pid_t job, struct attestation *out);
WRAPPED(int, attest_print, struct sandbox *sandbox, pid_t job, const struct attestation *attestation, char *json, size_t size);

#endif
