/* Prepares the root, forks the jobs, completes the root, writes the files, reaps everything. Our own code only: it never executes
 * anything. */
#include "sandbox_init.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "beside.h"
#include "channel.h"
#include "input_files.h"
#include "job.h"
#include "monotonic.h"
#include "root.h"
#include "sanitise.h"
#include "workspace.h"

struct init {
  int channel;
  struct root root;
  const struct shared *shared;
  int workspace;  /* of the root that is built; -1: none is, or it is complete */
  bool built;     /* the root is there, and we are in it */
  bool old_root;  /* the one before is still mounted */
  bool complete;  /* all is as the plan says */
  pid_t job;      /* the one that waits or runs; 0: none */
  struct beside beside;
};

static _Noreturn void report(int channel, struct failure failure) {
  struct message message = {.kind = MESSAGE_DONE, .failure = failure};
  (void)channel_send(channel, &message, NULL, 0);
  _exit(1);
}

static void must(int channel, enum stage stage, int result, int index) {
  if (result < 0)
    report(channel, (struct failure){.stage = stage, .error = -result, .index = index});
}

/* Root inside; the saved uid stays the service user's, so that on cgroup v1 the supervisor may still move our children. */
static int become_root_inside(void) {
  gid_t none = 0;
  if (setgroups(0, &none) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, (uid_t)-1) < 0)
    return -errno;
  return 0;
}

static int loopback_up(void) {
  int socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0)
    return -errno;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int result = ioctl(socket_, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
  close(socket_);
  return result;
}

/* Waits for the job's end, ends what it left behind, reaps all. Every process of this pid namespace is a descendant of ours, and one whose
 * parent ends becomes our child before that end can be waited for (kernel/exit.c, exit_notify): where we have no child, nothing is left.
 * kill(-1) looks at every process of the host; it reaches all of this pid namespace but us, and a process that is being forked sees the
 * signal too (kernel/fork.c, copy_process): nothing slips through. */
static void await_job(pid_t job, struct message *ended) {
  int status = 0;
  pid_t pid;
  do {
    pid = waitpid(-1, &status, __WALL);
  } while (pid != job && (pid > 0 || errno == EINTR));
  ended->value[0] = (uint64_t)(unsigned)status;
  ended->value[1] = monotonic_ns();
  while ((pid = waitpid(-1, &status, __WALL | WNOHANG)) >= 0 || errno == EINTR)
    if (pid == 0) {
      (void)kill(-1, SIGKILL);
      (void)waitpid(-1, &status, __WALL);
    }
  ended->value[2] = monotonic_ns() - ended->value[1];
}

/* What init itself still needs: to end what a job leaves behind, and to give the next one its ids and control group namespace. */
static int drop_most(void) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  const unsigned kept = 1U << CAP_KILL | 1U << CAP_SETGID | 1U << CAP_SETUID | 1U << CAP_SETPCAP | 1U << CAP_SYS_ADMIN;
  const struct __user_cap_data_struct both[2] = {{.effective = kept, .permitted = kept}, {0}};
  return syscall(SYS_capset, &head, both) == 0 ? 0 : -errno;
}

static void must_tell(int channel, uint32_t kind) {
  if (channel_tell(channel, kind) < 0)
    _exit(0);
}

/* The root, and all else in it that a guess may be right about. */
static void build(struct init *init) {
  const struct sandbox_plan *plan = &init->shared->sandbox;
  struct failure failure = {0};
  if (init->built)
    _exit(1);
  if (root_build(&init->root, plan, &failure) < 0)
    report(init->channel, failure);
  init->built = init->old_root = true;
  init->workspace = workspace_make(plan);
  must(init->channel, STAGE_WORKSPACE, init->workspace, 0);
  if (plan->loopback_up)
    must(init->channel, STAGE_LOOPBACK, loopback_up(), 0);
}

static void drop_old_root(struct init *init) {
  struct failure failure = {0};
  if (init->old_root && root_drop_old(&failure) < 0)
    report(init->channel, failure);
  init->old_root = false;
}

/* Nobody waits: the last of the old root, which takes a while, goes now. */
static void build_ahead(struct init *init) {
  build(init);
  drop_old_root(init);
}

/* What was not built ahead, and what only the plan itself says. The job needs a root and a directory to go on with, and has work enough of
 * its own while the rest is done. */
static void complete(struct init *init, int packed) {
  const struct sandbox_plan *plan = &init->shared->sandbox;
  struct failure failure = {0};
  int index = 0;
  if (!init->built)
    build(init);
  if (root_resize(&init->root, plan, &failure) < 0)
    report(init->channel, failure);
  /* Before the job is told: the directory that it goes to may be one that a file's path makes. */
  if (packed >= 0)
    must(init->channel, STAGE_FILE, input_files_unpack(packed, init->workspace, plan, &index), index);
  close(init->workspace);
  init->workspace = -1;
  if (init->old_root)
    must_tell(init->channel, MESSAGE_ROOTED);
  drop_old_root(init);
  must(init->channel, STAGE_HOSTNAME, sethostname(plan->hostname, strlen(plan->hostname)) < 0 ? -errno : 0, 0);
  must(init->channel, STAGE_INIT_DROP, drop_most(), 0);
}

static void spawn(struct init *init, int channel, uint64_t number) {
  pid_t job = fork();
  if (job == 0) {
    close(init->channel);
    job_run(channel, init->shared);
  }
  /* Beside others that have taken all there is: its channel's end says so, and they live on. */
  if (job < 0 && init->beside.open)
    return;
  must(init->channel, STAGE_SPAWN, job < 0 ? -errno : 0, 0);
  init->job = job;
  if (init->beside.open)
    beside_note(&init->beside, number, job);
}

static void see_to_end(struct init *init) {
  struct message ended = {.kind = MESSAGE_ENDED};
  await_job(init->job, &ended);
  init->job = 0;
  if (channel_send(init->channel, &ended, NULL, 0) < 0)
    _exit(0);
}

/* One message of the supervisor. `descriptor` is what came with it, or -1. */
static void act(struct init *init, const struct message *message, int descriptor) {
  switch (message->kind) {
  case MESSAGE_SPAWN:
    spawn(init, descriptor, message->value[0]); /* the job answers for itself */
    break;
  case MESSAGE_BESIDE:
    must(init->channel, STAGE_SPAWN, beside_open(&init->beside, init->job), 0);
    break;
  case MESSAGE_SIGNAL:
    beside_signal(&init->beside, message->value[0], (int)message->value[1]);
    break;
  case MESSAGE_BUILD:
    build_ahead(init);
    must_tell(init->channel, MESSAGE_DONE);
    break;
  case MESSAGE_COMPLETE:
    complete(init, descriptor);
    init->complete = true;
    must_tell(init->channel, MESSAGE_DONE);
    break;
  default:
    _exit(1);
  }
}

static _Noreturn void serve(struct init *init) {
  for (;;) {
    struct message message;
    int descriptors[CHANNEL_DESCRIPTORS];
    if (init->beside.open)
      beside_await(&init->beside, init->channel);
    if (channel_receive(init->channel, &message, descriptors) < 0)
      _exit(0);
    act(init, &message, descriptors[0]);
    for (unsigned at = 0; at < CHANNEL_DESCRIPTORS; at++)
      if (descriptors[at] >= 0)
        close(descriptors[at]);
    /* There is nothing else to look at until the job has ended: before its exec it waits for the supervisor, which kills us if it fails. */
    if (init->complete && init->job > 0 && !init->beside.open)
      see_to_end(init);
  }
}

_Noreturn void sandbox_init(int channel, unsigned slot, struct shared *shared) {
  static struct init init;
  init = (struct init){.channel = channel, .root = {.slot = slot}, .shared = shared, .workspace = -1};
  struct message message;
  struct failure failure = {0};
  sanitise_clear_command_line();
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || channel_receive(channel, &message, NULL) < 0 || message.kind != MESSAGE_MAPPED)
    _exit(1);
  must(channel, STAGE_INIT_IDENTITY, become_root_inside(), 0);
  /* Changing ids clears the parent-death signal (prctl(2)). */
  must(channel, STAGE_INIT_IDENTITY, prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0, 1);
  must(channel, STAGE_INIT_IDENTITY, sanitise_hide(), 2);
  /* The supervisor alone writes there; the job, which is forked from us, gets the mapping as it is. */
  must(channel, STAGE_INIT_IDENTITY, mprotect(shared, sizeof *shared, PROT_READ) < 0 ? -errno : 0, 3);
  if (root_prepare(&init.root, &failure) < 0)
    report(channel, failure);
  must_tell(channel, MESSAGE_DONE);
  serve(&init);
}
