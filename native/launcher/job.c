/* From a child of init to the program. The order is the argument (design section 7): identity first, then capabilities, then the
 * security modules, then descriptors and limits, the filter last; nothing is executed before the supervisor has read back what is in
 * force. */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "collect.h"
#include "landlock.h"
#include "listener.h"
#include "sanitise.h"
#include "terminal.h"

struct job {
  int channel;
  int stdio[CHANNEL_DESCRIPTORS]; /* stdin, stdout, stderr */
  const struct shared *shared;
  struct listener listener;
  int landlock_abi;
  struct terminal terminal; /* to make, instead of the three */
};

static int session(struct job *job) {
  (void)job;
  if (sanitise_signals() < 0 || setsid() < 0)
    return -errno;
  umask(022);
  return 0;
}

/* Rooted at the group in which we are now: /proc/self/cgroup shows "/" and no path of the host. */
static int cgroup_namespace(struct job *job) {
  (void)job;
  return unshare(CLONE_NEWCGROUP) == 0 ? 0 : -errno;
}

static int limit(__rlimit_resource_t resource, uint64_t value) {
  const struct rlimit both = {value, value};
  return setrlimit(resource, &both) == 0 ? 0 : -errno;
}

static int write_text(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return -errno;
  int result = write(file, text, strlen(text)) < 0 ? -errno : 0;
  close(file);
  return result;
}

static int rlimits(struct job *job) {
  const struct step_plan *step = &job->shared->step;
  int result = limit(RLIMIT_CORE, 0);
  if (result == 0)
    result = limit(RLIMIT_FSIZE, step->file_bytes);
  if (result == 0)
    result = limit(RLIMIT_STACK, step->stack_bytes);
  if (result == 0)
    result = limit(RLIMIT_MEMLOCK, 65536);
  if (result == 0)
    result = limit(RLIMIT_MSGQUEUE, 0);
  if (result == 0)
    result = limit(RLIMIT_RTPRIO, 0);
  if (result == 0)
    result = limit(RLIMIT_NICE, 0);
  if (result == 0)
    result = limit(RLIMIT_SIGPENDING, 1024);
  /* A backstop only: the cgroup's counter decides. */
  if (result == 0)
    result = limit(RLIMIT_CPU, step->cpu_ms / 1000 + 10);
  return result;
}

static int bounding_set(struct job *job) {
  (void)job;
  for (unsigned long capability = 0; capability < 64; capability++)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
      if (errno == EINVAL)
        return 0; /* past the last one of this kernel */
      return -errno;
    }
  return 0;
}

static int securebits(struct job *job) {
  (void)job;
  const unsigned long locked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                               SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  return prctl(PR_SET_SECUREBITS, locked, 0, 0, 0) == 0 ? 0 : -errno;
}

static int groups(struct job *job) {
  gid_t gid = (gid_t)job->shared->sandbox.gid;
  return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 ? 0 : -errno;
}

static int ids(struct job *job) {
  uid_t uid = (uid_t)job->shared->sandbox.uid;
  if (setresuid(uid, uid, uid) < 0)
    return -errno;
  return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 ? 0 : -errno;
}

static int capabilities(struct job *job) {
  (void)job;
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[2] = {{0}};
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    return -errno;
  return syscall(SYS_capset, &head, none) == 0 ? 0 : -errno;
}

static int no_new_privileges(struct job *job) {
  (void)job;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

static int standard_streams(struct job *job) {
  if (job->terminal.wanted)
    return terminal_make(&job->terminal, job->channel);
  for (int at = 0; at < CHANNEL_DESCRIPTORS; at++)
    if (dup2(job->stdio[at], at) < 0)
      return -errno;
  return 0;
}

/* The kernel writes "(unreachable)" before a directory that is not beneath the root (getcwd(2), CVE-2024-21626). */
static int directory(struct job *job) {
  char path[PLAN_PATH_MAX + 1];
  if (chdir(job->shared->step.directory) < 0)
    return -errno;
  long length = syscall(SYS_getcwd, path, sizeof path);
  return length < 0 ? -errno : path[0] == '/' ? 0 : -EXDEV;
}

static int read_text(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return -errno;
  ssize_t got = read(file, text, size - 1);
  int result = got < 0 ? -errno : 0;
  close(file);
  text[got < 0 ? 0 : got] = '\0';
  return result;
}

/* The label is taken at the exec to come (apparmor(7), change_onexec). Read back here and not by the supervisor: of a pending label the
 * kernel tells a process its own alone (security/apparmor/lsm.c, apparmor_getprocattr). Complain mode is no protection, so it is refused,
 * and so is a kernel without AppArmor. */
static int apparmor(struct job *job) {
  static const char *const files[] = {"/proc/self/attr/apparmor/exec", "/proc/self/attr/exec"};
  const char *label = job->shared->sandbox.apparmor;
  char text[PLAN_LABEL_MAX + 32];
  char wanted[PLAN_LABEL_MAX + 32];
  if (label[0] == '\0')
    return 0;
  const char *file = access(files[0], F_OK) == 0 ? files[0] : files[1];
  snprintf(text, sizeof text, "exec %s", label);
  int result = write_text(file, text);
  if (result == 0)
    result = read_text(file, text, sizeof text);
  if (result < 0)
    return result;
  text[strcspn(text, "\n")] = '\0';
  snprintf(wanted, sizeof wanted, "%s (enforce)", label);
  return strcmp(text, wanted) == 0 ? 0 : -EACCES;
}

static int landlock(struct job *job) {
  int abi = landlock_restrict(job->shared->sandbox.loopback_up);
  if (abi < 0)
    return abi;
  if ((uint64_t)abi < job->shared->sandbox.landlock_abi_minimum)
    return -EOPNOTSUPP;
  job->landlock_abi = abi;
  return 0;
}

/* Nothing but the three streams and the channel, which closes itself at exec (CVE-2024-21626). */
static int descriptors(struct job *job) {
  const int keep[] = {job->channel};
  return sanitise_keep(keep, 1);
}

static int seccomp(struct job *job) { return listener_install(job->shared, &job->listener); }

/* The whole of the hardening on one screen. What depends on no plan is applied while nobody waits for it yet. */
static const struct stage_step {
  enum stage stage;
  int (*apply)(struct job *job);
} ahead[] = {
    {STAGE_SESSION, session},           /* no terminal of anybody's (TIOCSTI) */
    {STAGE_CGROUP_NAMESPACE, cgroup_namespace},
    {STAGE_BOUNDING_SET, bounding_set}, /* needs CAP_SETPCAP, so before capabilities go */
    {STAGE_SECUREBITS, securebits},     /* uid 0 inside means nothing from here on */
};

static const struct stage_step planned[] = {
    {STAGE_GROUPS, groups},             /* gid before uid: afterwards there is no right to */
    {STAGE_IDS, ids},
    {STAGE_CAPABILITIES, capabilities},
    {STAGE_NO_NEW_PRIVILEGES, no_new_privileges}, /* Landlock and the filter want it */
    {STAGE_STDIO, standard_streams},
    {STAGE_DIRECTORY, directory},
    {STAGE_APPARMOR, apparmor},
    {STAGE_LANDLOCK, landlock},
    {STAGE_DESCRIPTORS, descriptors},
    {STAGE_RLIMIT, rlimits},            /* only lowered, and after the last descriptor that we need ourselves */
    {STAGE_SECCOMP, seccomp},           /* last: few calls remain to be allowed for ourselves */
};

static struct failure apply(struct job *job, const struct stage_step *steps, size_t count) {
  for (size_t at = 0; at < count; at++) {
    int result = steps[at].apply(job);
    if (result < 0)
      return (struct failure){.stage = steps[at].stage, .error = -result};
  }
  return (struct failure){.stage = STAGE_NONE};
}

static const char *path_of(char *const *environment) {
  for (; *environment != NULL; environment++)
    if (strncmp(*environment, "PATH=", 5) == 0)
      return *environment + 5;
  return "/usr/bin:/bin";
}

/* ETXTBSY: a child of a neighbour may still hold a just-written program open for an instant. Bounded. */
static int execute(const char *path, const struct step_plan *step) {
  for (int attempt = 0; attempt < 20; attempt++) {
    execve(path, step->argument, step->environment);
    if (errno != ETXTBSY)
      break;
    struct timespec pause = {.tv_nsec = 1000000};
    nanosleep(&pause, NULL);
  }
  return errno;
}

/* A bare name is looked up in the step's own PATH. */
static int execute_found(const struct step_plan *step) {
  const char *name = step->argument[0];
  if (strchr(name, '/') != NULL)
    return execute(name, step);
  int error = ENOENT;
  char path[PLAN_PATH_MAX + 1];
  for (const char *at = path_of(step->environment); *at != '\0';) {
    size_t length = strcspn(at, ":");
    if (length > 0 && (size_t)snprintf(path, sizeof path, "%.*s/%s", (int)length, at, name) < sizeof path) {
      int result = execute(path, step);
      if (result != ENOENT && result != ENOTDIR)
        error = result;
    }
    at += length + (at[length] == ':' ? 1 : 0);
  }
  return error;
}

/* Waits for one word of the supervisor; anything else, or its death, is our end. */
static struct message await(const struct job *job, uint32_t kind, int *descriptors) {
  struct message message;
  if (channel_receive(job->channel, &message, descriptors) < 0 || message.kind != kind)
    _exit(1);
  return message;
}

static void report_applied(const struct job *job, struct failure failure) {
  struct message message = {.kind = MESSAGE_APPLIED, .failure = failure, .value = {(uint64_t)job->landlock_abi}};
  int result = failure.stage == STAGE_NONE && job->listener.descriptor >= 0 ? listener_hand_over(job->channel, &message, &job->listener)
                                                                             : channel_send(job->channel, &message, NULL, 0);
  if (result < 0 || failure.stage != STAGE_NONE)
    _exit(1);
}

/* read and write, not recvmsg and sendmsg, once the filter is in force: what every profile permits. */
static void await_release(const struct job *job) {
  struct message message;
  if (read(job->channel, &message, sizeof message) != (ssize_t)sizeof message || message.kind != MESSAGE_RELEASE)
    _exit(1);
}

_Noreturn void job_run(int channel, const struct shared *shared) {
  struct job job = {.channel = channel, .shared = shared, .listener = {.descriptor = -1}};
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || channel_tell(channel, MESSAGE_ALIVE) < 0)
    _exit(1);
  (void)await(&job, MESSAGE_PLACED, NULL);
  report_applied(&job, apply(&job, ahead, sizeof ahead / sizeof *ahead));
  const struct message go = await(&job, MESSAGE_GO, job.stdio);
  job.terminal = (struct terminal){.wanted = go.value[0] == 1, .rows = (unsigned short)go.value[1], .columns = (unsigned short)go.value[2]};
  report_applied(&job, apply(&job, planned, sizeof planned / sizeof *planned));
  await_release(&job);
  if (shared->step.collect.asked) {
    const struct step_plan *plan = collect_own_plan(&shared->step);
    close(channel); /* as at an exec: it has been read */
    collect_run(plan);
  }
  struct message refused = {.kind = MESSAGE_NOT_EXECUTED};
  refused.failure.error = execute_found(&shared->step);
  ssize_t wrote = write(channel, &refused, sizeof refused);
  _exit(wrote == (ssize_t)sizeof refused ? 127 : 126);
}
