/* Making and ending a sandbox, from outside. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "diary.h"
#include "input_files.h"
#include "monotonic.h"
#include "sandbox_init.h"
#include "sanitise.h"

enum { EMPTY_WAIT_MS = 5000 };

int sandbox_failed(struct sandbox *sandbox, enum stage stage, int result) {
  if (result >= 0)
    return 0;
  sandbox->failure = (struct failure){.stage = stage, .error = -result};
  return -1;
}

static int write_map(pid_t pid, const char *name, uint64_t outer, uint64_t count) {
  char path[48];
  char text[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int length = snprintf(text, sizeof text, "0 %" PRIu64 " %" PRIu64, outer, count);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return -errno;
  int result = write(file, text, (size_t)length) == length ? 0 : -errno;
  close(file);
  return result;
}

uint64_t sandbox_first_id(const struct sandbox *sandbox) {
  const struct options *options = sandbox->world->options;
  return 1 + options->base_ids + sandbox->slot * options->ids_per_slot;
}

static int map_ids(const struct sandbox *sandbox) {
  uint64_t first = sandbox_first_id(sandbox);
  uint64_t count = sandbox->world->options->ids_per_slot;
  int result = write_map(sandbox->init, "uid_map", first, count);
  return result < 0 ? result : write_map(sandbox->init, "gid_map", first, count);
}

static int clone_init(struct sandbox *sandbox) {
  int ends[2];
  int result = channel_pair(ends);
  if (result < 0)
    return result;
  struct clone_args arguments = {
      .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWTIME | CLONE_PIDFD,
      .pidfd = (uint64_t)(uintptr_t)&sandbox->init_pidfd,
      .exit_signal = SIGCHLD,
  };
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) {
    const int keep[] = {ends[1]};
    if (sanitise_keep(keep, 1) < 0)
      _exit(1);
    sandbox_init(ends[1], sandbox->slot, sandbox->request->shared);
  }
  result = pid < 0 ? -errno : 0;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return result;
  }
  sandbox->init = (pid_t)pid;
  sandbox->channel = ends[0];
  return 0;
}

/* Waits for init's next word, which must be of this kind; its failure is ours. 0, or -1 with the failure set. */
static int await_init(struct sandbox *sandbox, uint32_t kind) {
  struct message message = {0};
  int result = channel_await(sandbox->channel, SANDBOX_BARRIER_MS);
  if (result == 0)
    result = channel_receive(sandbox->channel, &message, NULL);
  if (result == 0 && message.failure.stage != STAGE_NONE) {
    sandbox->failure = message.failure;
    return -1;
  }
  return sandbox_failed(sandbox, STAGE_INIT_LOST, result < 0 ? result : message.kind == kind ? 0 : -EPROTO);
}

/* Init reports what failed and is gone, and the kernel kills the job with it (zap_pid_ns_processes): whatever we were looking at then fails
 * too, and we may see that first. Its word is the cause. */
void sandbox_find_cause(struct sandbox *sandbox) {
  struct message message;
  while (sandbox->channel >= 0 && channel_await(sandbox->channel, 0) == 0 && channel_receive(sandbox->channel, &message, NULL) == 0)
    if (message.failure.stage != STAGE_NONE) {
      sandbox->failure = message.failure;
      return;
    }
}

static int hold_mounts(struct sandbox *sandbox) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", sandbox->init);
  sandbox->mounts = open(path, O_RDONLY | O_CLOEXEC);
  return sandbox->mounts < 0 ? -errno : 0;
}

static int open_root(struct sandbox *sandbox) {
  char path[48];
  /* The magic link leads to init's root and no further: nothing that a job made is looked up. */
  snprintf(path, sizeof path, "/proc/%d/root", sandbox->init);
  sandbox->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return sandbox->root < 0 ? -errno : 0;
}

/* Of the sandbox as a whole. */
static uint64_t bound_of(const struct sandbox_plan *plan) { return plan->memory_bytes + plan->disk_bytes + CGROUP_ALLOWANCE_BYTES; }

static int prepare_common(struct sandbox *sandbox) {
  const struct cgroup_driver *driver = cgroup_driver(&sandbox->world->cgroups);
  sandbox->next = no_job;
  sandbox->gone = false;
  sandbox->ends.count = 0;
  cgroup_slot_init(&sandbox->cgroup, &sandbox->world->cgroups, sandbox->slot);
  if (sandbox_failed(sandbox, STAGE_CGROUP_MAKE, driver->slot_make(&sandbox->cgroup)) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_CLONE, clone_init(sandbox)) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_ID_MAP, map_ids(sandbox)) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_INIT_PLACE, driver->init_place(&sandbox->cgroup, sandbox->init)) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_INIT_LOST, channel_tell(sandbox->channel, MESSAGE_MAPPED)) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_CLONE, hold_mounts(sandbox)) < 0)
    return -1;
  return await_init(sandbox, MESSAGE_DONE);
}

int sandbox_prepare(struct sandbox *sandbox) { return prepare_common(sandbox) < 0 ? -1 : sandbox_job_make(sandbox, &sandbox->cgroup, &sandbox->next, 0); }

/* The root, in which the job is then born. */
static int build_ahead(struct sandbox *sandbox, const struct sandbox_plan *plan) {
  sandbox->built_for = sandbox->request->shared->sandbox = *plan;
  if (sandbox_failed(sandbox, STAGE_INIT_LOST, channel_tell(sandbox->channel, MESSAGE_BUILD)) < 0)
    return -1;
  if (await_init(sandbox, MESSAGE_DONE) < 0)
    return -1;
  sandbox->built = true;
  if (sandbox_failed(sandbox, STAGE_PIVOT, open_root(sandbox)) < 0)
    return -1;
  return sandbox_failed(sandbox, STAGE_CGROUP_LIMIT, cgroup_slot_limit(&sandbox->cgroup, bound_of(plan)));
}

int sandbox_prepare_ahead(struct sandbox *sandbox, const struct guess *guess) {
  if (prepare_common(sandbox) < 0)
    return -1;
  if (guess->any && build_ahead(sandbox, &guess->sandbox) < 0)
    return -1;
  if (sandbox_job_make(sandbox, &sandbox->cgroup, &sandbox->next, 0) < 0)
    return -1;
  if (guess->any && sandbox_failed(sandbox, STAGE_CGROUP_LIMIT, cgroup_step_limit(&sandbox->cgroup, &guess->limits)) < 0)
    return -1;
  return sandbox_job_settle(sandbox, &sandbox->next);
}

/* Tells init to complete the root, and sends the input files along. */
static int tell_complete(const struct sandbox *sandbox) {
  const struct message message = {.kind = MESSAGE_COMPLETE};
  if (sandbox->request->files == NULL)
    return channel_send(sandbox->channel, &message, NULL, 0);
  int packed = input_files_pack(sandbox->request->files);
  if (packed < 0)
    return packed;
  int result = channel_send(sandbox->channel, &message, &packed, 1);
  close(packed);
  return result;
}

int sandbox_tell(struct sandbox *sandbox) {
  if (sandbox->told)
    return 0;
  sandbox->told = true;
  if (sandbox->request->beside && sandbox_failed(sandbox, STAGE_INIT_LOST, channel_tell(sandbox->channel, MESSAGE_BESIDE)) < 0)
    return -1;
  return sandbox_failed(sandbox, STAGE_FILE, tell_complete(sandbox));
}

int sandbox_begin(struct sandbox *sandbox) {
  const struct sandbox_plan *plan = &sandbox->request->shared->sandbox;
  if (sandbox->begun)
    return 0;
  /* A wrong guess: there is no way back from its root. */
  if (sandbox->built && !guess_fits(&sandbox->built_for, plan))
    sandbox_destroy(sandbox);
  if (sandbox->init == 0 && sandbox_prepare(sandbox) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_CGROUP_LIMIT, cgroup_slot_limit(&sandbox->cgroup, bound_of(plan))) < 0)
    return -1;
  sandbox->lifetime_end_ns = monotonic_ns() + plan->lifetime_ms * 1000000u;
  sandbox->begun = true;
  /* Where the directory that the job goes to is there already, it need not wait for init, and goes first. */
  sandbox->rooted = sandbox->built && sandbox->request->files == NULL;
  return sandbox->rooted ? 0 : sandbox_tell(sandbox);
}

/* How far init has to be before its last word: where the root was built ahead, the last word is the only one. */
static uint32_t next_word(const struct sandbox *sandbox) { return sandbox->rooted || sandbox->built ? MESSAGE_DONE : MESSAGE_ROOTED; }

bool sandbox_note(struct sandbox *sandbox, uint32_t kind) {
  if (kind != next_word(sandbox) || !sandbox->told || sandbox->complete)
    return false;
  sandbox->complete = kind == MESSAGE_DONE;
  sandbox->rooted = true;
  return true;
}

static int await_word(struct sandbox *sandbox) {
  uint32_t kind = next_word(sandbox);
  if (await_init(sandbox, kind) < 0)
    return -1;
  return sandbox_note(sandbox, kind) ? 0 : sandbox_failed(sandbox, STAGE_INIT_LOST, -EPROTO);
}

int sandbox_await_root(struct sandbox *sandbox) { return sandbox->rooted ? 0 : await_word(sandbox); }

int sandbox_complete(struct sandbox *sandbox) {
  if (!sandbox->complete && await_word(sandbox) < 0)
    return -1;
  return sandbox->root >= 0 ? 0 : sandbox_failed(sandbox, STAGE_PIVOT, open_root(sandbox));
}

void sandbox_job_forget(struct sandbox_job *job) {
  if (job->pidfd >= 0)
    close(job->pidfd);
  if (job->channel >= 0)
    close(job->channel);
  if (job->attestation.status >= 0)
    close(job->attestation.status);
  *job = no_job;
}

void sandbox_let_go(struct sandbox *sandbox) {
  if (sandbox->init > 0)
    (void)syscall(SYS_pidfd_send_signal, sandbox->init_pidfd, SIGKILL, NULL, 0);
}

/* Kills init and waits for its end, but not for ever: a process in uninterruptible sleep may hold it. 0, or -EBUSY. A pidfd tells of the end
 * when the process is a zombie (pidfd_open(2)), and by then every other one of its pid namespace has been killed and reaped
 * (zap_pid_ns_processes). */
static int end_init(struct sandbox *sandbox) {
  struct pollfd entry = {.fd = sandbox->init_pidfd, .events = POLLIN};
  sandbox_let_go(sandbox);
  int ready;
  do
    ready = poll(&entry, 1, EMPTY_WAIT_MS);
  while (ready < 0 && errno == EINTR);
  close(sandbox->init_pidfd);
  close(sandbox->channel);
  sandbox->init_pidfd = sandbox->channel = -1;
  sandbox->ended = sandbox->init;
  sandbox->init = 0;
  return ready > 0 ? 0 : -EBUSY;
}

/* The kernel kills a pid namespace with its init (zap_pid_ns_processes); the groups are looked at all the same. */
unsigned sandbox_end(struct sandbox *sandbox) {
  unsigned left = 0;
  if (sandbox->gone)
    return 0;
  int result = sandbox->init > 0 ? end_init(sandbox) : 0;
  sandbox_job_forget(&sandbox->next);
  sandbox->built = sandbox->begun = sandbox->told = sandbox->rooted = sandbox->complete = false;
  if (result == 0 && sandbox->cgroup.init >= 0)
    result = cgroup_slot_empty(&sandbox->cgroup, EMPTY_WAIT_MS, &left);
  sandbox->gone = result == 0 && left == 0;
  return result < 0 && left == 0 ? 1 : left;
}

void sandbox_destroy(struct sandbox *sandbox) {
  int result = sandbox_end(sandbox) > 0 ? -EBUSY : 0;
  if (result == 0 && sandbox->cgroup.init >= 0)
    result = cgroup_driver(&sandbox->world->cgroups)->step_remove(&sandbox->cgroup);
  if (result < 0)
    diary_slot(stage_name(STAGE_DESTROY), sandbox->slot, -result);
  cgroup_slot_close(&sandbox->cgroup);
  if (sandbox->ended > 0)
    (void)waitpid(sandbox->ended, NULL, WNOHANG);
  sandbox->ended = 0;
  /* The last hold on the mounts: they go now, and the memory of the disk with them. */
  if (sandbox->root >= 0)
    close(sandbox->root);
  if (sandbox->mounts >= 0)
    close(sandbox->mounts);
  sandbox->root = sandbox->mounts = -1;
}
