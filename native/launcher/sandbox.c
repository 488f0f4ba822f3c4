/* Making and ending a sandbox, from outside. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "monotonic.h"
#include "sandbox_init.h"
#include "sanitise.h"

enum { EMPTY_WAIT_MS = 5000 };

static int failed(struct sandbox *sandbox, enum stage stage, int result) {
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

static int map_ids(const struct sandbox *sandbox) {
  const struct options *options = sandbox->world->options;
  uint64_t first = 1 + options->base_ids + sandbox->slot * options->ids_per_slot;
  int result = write_map(sandbox->init, "uid_map", first, options->ids_per_slot);
  return result < 0 ? result : write_map(sandbox->init, "gid_map", first, options->ids_per_slot);
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
    sandbox_init(ends[1], sandbox->slot, sandbox->request->shared, sandbox->request->files);
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

/* Waits for init's word; its failure is ours. */
static int await_init(struct sandbox *sandbox) {
  struct message message;
  int result = channel_receive(sandbox->channel, &message, NULL);
  if (result < 0)
    return failed(sandbox, STAGE_INIT_LOST, result);
  if (message.failure.stage == STAGE_NONE)
    return 0;
  sandbox->failure = message.failure;
  return -1;
}

int sandbox_make(struct sandbox *sandbox) {
  const struct sandbox_plan *plan = &sandbox->request->shared->sandbox;
  const struct cgroup_driver *driver = cgroup_driver(&sandbox->world->cgroups);
  cgroup_slot_init(&sandbox->cgroup, &sandbox->world->cgroups, sandbox->slot);
  if (failed(sandbox, STAGE_CGROUP_MAKE, driver->slot_make(&sandbox->cgroup)) < 0)
    return -1;
  uint64_t total = plan->memory_bytes + plan->disk_bytes + CGROUP_ALLOWANCE_BYTES;
  if (failed(sandbox, STAGE_CGROUP_LIMIT, driver->slot_limit(&sandbox->cgroup, total)) < 0)
    return -1;
  if (failed(sandbox, STAGE_CLONE, clone_init(sandbox)) < 0)
    return -1;
  if (failed(sandbox, STAGE_ID_MAP, map_ids(sandbox)) < 0)
    return -1;
  if (failed(sandbox, STAGE_INIT_PLACE, driver->init_place(&sandbox->cgroup, sandbox->init)) < 0)
    return -1;
  if (failed(sandbox, STAGE_INIT_LOST, channel_tell(sandbox->channel, MESSAGE_MAPPED)) < 0)
    return -1;
  sandbox->lifetime_end_ns = monotonic_ns() + plan->lifetime_ms * 1000000u;
  return await_init(sandbox);
}

/* The kernel kills a pid namespace with its init (zap_pid_ns_processes); the groups are looked at all the same. */
unsigned sandbox_destroy(struct sandbox *sandbox) {
  unsigned left = 0;
  if (sandbox->init > 0) {
    (void)syscall(SYS_pidfd_send_signal, sandbox->init_pidfd, SIGKILL, NULL, 0);
    while (waitpid(sandbox->init, NULL, 0) < 0 && errno == EINTR) {
    }
    close(sandbox->init_pidfd);
    close(sandbox->channel);
  }
  const struct cgroup_driver *driver = cgroup_driver(&sandbox->world->cgroups);
  if (sandbox->cgroup.init >= 0) {
    int result = cgroup_slot_empty(&sandbox->cgroup, EMPTY_WAIT_MS, &left);
    if (result == 0)
      result = driver->step_remove(&sandbox->cgroup);
    if (result < 0 && left == 0)
      left = 1;
  }
  cgroup_slot_close(&sandbox->cgroup);
  return left;
}
