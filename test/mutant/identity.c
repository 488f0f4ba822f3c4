/* Whose code runs, and the layers that a process puts on itself: identity, privileges, filters, descriptors, limits. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inheritance.h"
#include "layer.h"
#include "options.h"
#include "wrapped.h"

enum part part = PART_FRONT;

int __wrap_inner_run(const struct options *options) {
  part = PART_INNER;
  return __real_inner_run(options);
}

void __wrap_sandbox_init(int channel, unsigned slot, struct shared *shared) {
  part = PART_INIT;
  __real_sandbox_init(channel, slot, shared);
}

void __wrap_job_run(int channel, const struct shared *shared) {
  part = PART_JOB;
  __real_job_run(channel, shared);
}

static bool of_job(enum layer layer) { return part == PART_JOB && without(layer); }

int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved) { return of_job(LAYER_IDS) ? 0 : __real_setresuid(real, effective, saved); }
int __wrap_setresgid(gid_t real, gid_t effective, gid_t saved) { return of_job(LAYER_IDS) ? 0 : __real_setresgid(real, effective, saved); }
pid_t __wrap_setsid(void) { return of_job(LAYER_SESSION) ? 0 : __real_setsid(); }
int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) { return of_job(LAYER_RLIMITS) ? 0 : __real_setrlimit(resource, limit); }
/* The one that the supervisor sets for the job. */
int __wrap_prlimit(pid_t process, __rlimit_resource_t resource, const struct rlimit *limit, struct rlimit *old) {
  return without(LAYER_RLIMITS) ? 0 : __real_prlimit(process, resource, limit, old);
}
int __wrap_sanitise_hide(void) { return without(LAYER_HIDDEN) ? 0 : __real_sanitise_hide(); }
int __wrap_own_filter_install(void) { return without(LAYER_OWN_FILTER) ? 0 : __real_own_filter_install(); }

int __wrap_landlock_restrict(bool loopback) {
  enum { CREATE_VERSION = 1 };
  return without(LAYER_LANDLOCK) ? (int)__real_syscall(SYS_landlock_create_ruleset, 0, 0, CREATE_VERSION, 0, 0, 0) : __real_landlock_restrict(loopback);
}

/* The front's own stays: no job descends from it. */
int __wrap_landlock_restrict_launcher(void) {
  return part != PART_FRONT && without(LAYER_OWN_LANDLOCK) ? 1 : __real_landlock_restrict_launcher();
}

/* Of init, before it is one (a single descriptor is kept), and of the job. Not between supervisors: one that holds the channel of another would
 * keep the launcher from ever hearing that it is to drain. */
int __wrap_sanitise_keep(const int *keep, unsigned count) {
  return without(LAYER_DESCRIPTORS) && (count == 1 || part == PART_JOB) ? 0 : __real_sanitise_keep(keep, count);
}

static bool is_capability_option(int option) {
  return option == PR_CAPBSET_DROP || option == PR_SET_SECUREBITS || option == PR_CAP_AMBIENT;
}

int __wrap_prctl(int option, unsigned long second, unsigned long third, unsigned long fourth, unsigned long fifth) {
  /* The front's own stays: its filter wants it. */
  if (option == PR_SET_NO_NEW_PRIVS && part != PART_FRONT && without(LAYER_NO_NEW_PRIVILEGES))
    return 0;
  if (is_capability_option(option) && of_job(LAYER_CAPABILITIES)) {
    errno = EINVAL; /* how the bounding set's end is told */
    return option == PR_CAPBSET_DROP ? -1 : 0;
  }
  return __real_prctl(option, second, third, fourth, fifth);
}

int __wrap_unshare(int flags) {
  if (without(LAYER_OWN_NAMESPACES) && part == PART_FRONT)
    flags &= ~(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
  if (of_job(LAYER_CGROUP_NAMESPACE))
    flags &= ~CLONE_NEWCGROUP;
  return flags == 0 ? 0 : __real_unshare(flags);
}

int __wrap_execve(const char *path, char *const *words, char *const *environment) {
  enum { HIGHEST = 256 };
  for (int descriptor = 3; of_job(LAYER_CLOSE_ON_EXEC) && descriptor < HIGHEST; descriptor++)
    (void)fcntl(descriptor, F_SETFD, 0);
  return __real_execve(path, words, environment);
}

/* Capabilities that are still to be taken off: without no_new_privs a filter wants CAP_SYS_ADMIN. */
static struct {
  bool waits;
  long head[2];
  uint32_t sets[6];
} taken_off;

static long set_capabilities(long head, long sets) {
  if (of_job(LAYER_CAPABILITIES))
    return 0;
  if (!of_job(LAYER_NO_NEW_PRIVILEGES))
    return __real_syscall(SYS_capset, head, sets, 0, 0, 0, 0);
  taken_off.waits = true;
  memcpy(taken_off.head, (const void *)head, 8); /* struct __user_cap_header_struct */
  memcpy(taken_off.sets, (const void *)sets, sizeof taken_off.sets);
  return 0;
}

static long set_filter(long operation, long flags, long program, long fourth, long fifth, long sixth) {
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog empty = {.len = 1, .filter = &allow};
  if (of_job(LAYER_SECCOMP))
    program = (long)&empty;
  long result = __real_syscall(SYS_seccomp, operation, flags, program, fourth, fifth, sixth);
  if (result < 0 || !taken_off.waits)
    return result;
  taken_off.waits = false;
  long capabilities = __real_syscall(SYS_capset, (long)taken_off.head, (long)taken_off.sets, 0, 0, 0, 0);
  return capabilities < 0 ? capabilities : result;
}

static void share_namespaces(struct clone_args *arguments) {
  static const struct {
    enum layer layer;
    uint64_t flag;
  } rows[] = {{LAYER_NETWORK_NAMESPACE, CLONE_NEWNET},
              {LAYER_IPC_NAMESPACE, CLONE_NEWIPC},
              {LAYER_UTS_NAMESPACE, CLONE_NEWUTS},
              {LAYER_TIME_NAMESPACE, CLONE_NEWTIME},
              {LAYER_PID_NAMESPACE, CLONE_NEWPID}};
  for (unsigned at = 0; at < sizeof rows / sizeof *rows; at++)
    if (without(rows[at].layer))
      arguments->flags &= ~rows[at].flag;
}

long __wrap_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long first = va_arg(list, long), second = va_arg(list, long), third = va_arg(list, long);
  long fourth = va_arg(list, long), fifth = va_arg(list, long), sixth = va_arg(list, long);
  va_end(list);
  if (number == SYS_capset && part == PART_JOB)
    return set_capabilities(first, second);
  if (number == SYS_seccomp && part == PART_JOB && first == SECCOMP_SET_MODE_FILTER)
    return set_filter(first, second, third, fourth, fifth, sixth);
  if (number == SYS_clone3)
    share_namespaces((struct clone_args *)first);
  return __real_syscall(number, first, second, third, fourth, fifth, sixth);
}
