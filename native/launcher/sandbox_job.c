/* A job process up to its first barrier: forked by init, placed by us. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attest.h"
#include "channel.h"
#include "sandbox.h"

/* Its channel goes to it through init; its pid comes back as the kernel's word (SCM_CREDENTIALS). */
static int spawn(struct sandbox *sandbox, struct sandbox_job *job, unsigned number) {
  int ends[2];
  int result = channel_pair(ends);
  if (result < 0)
    return result;
  const int on = 1;
  const struct message message = {.kind = MESSAGE_SPAWN, .value = {number}};
  if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
    result = -errno;
  if (result == 0)
    result = channel_send(sandbox->channel, &message, &ends[1], 1);
  close(ends[1]);
  job->channel = ends[0];
  return result;
}

/* The first to go when memory is short anywhere. Written from here: the job itself is not dumpable, so its files are not its own. */
static int first_to_go(pid_t pid) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return -errno;
  int result = write(file, "1000", 4) == 4 ? 0 : -errno;
  close(file);
  return result;
}

/* Init may have got on with the root meanwhile, or failed; anything else means that the job will not answer any more. */
static int hear_init(struct sandbox *sandbox) {
  struct message message;
  int result = channel_receive(sandbox->channel, &message, NULL);
  if (result == 0 && message.failure.stage != STAGE_NONE) {
    sandbox->failure = message.failure;
    return -1;
  }
  if (result == 0 && sandbox_note(sandbox, message.kind))
    return 0;
  /* Of another process tree beside this one: looked at afterwards. */
  if (result == 0 && message.kind == MESSAGE_ENDED && sandbox->request->beside && sandbox->ends.count < CGROUP_BESIDE) {
    sandbox->ends.message[sandbox->ends.count++] = message;
    return 0;
  }
  return sandbox_failed(sandbox, STAGE_JOB_LOST, result < 0 ? result : -ECHILD);
}

int sandbox_job_await(struct sandbox *sandbox, int job, struct message *message, int *descriptors, pid_t *pid) {
  for (;;) {
    struct pollfd entries[] = {{.fd = job, .events = POLLIN}, {.fd = sandbox->channel, .events = POLLIN}};
    int ready = poll(entries, 2, SANDBOX_BARRIER_MS);
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return sandbox_failed(sandbox, STAGE_JOB_LOST, ready == 0 ? -ETIMEDOUT : -errno);
    if (entries[0].revents & POLLIN)
      return sandbox_failed(sandbox, STAGE_JOB_LOST, channel_receive_from(job, message, descriptors, pid));
    if (hear_init(sandbox) < 0)
      return -1;
  }
}

int sandbox_job_make(struct sandbox *sandbox, struct cgroup_slot *cgroup, struct sandbox_job *job, unsigned number) {
  const struct cgroup_driver *driver = cgroup_driver(&sandbox->world->cgroups);
  struct message message;
  pid_t pid = 0;
  /* Those of the step before: removed only now, when nobody waits for its result any more. */
  if (sandbox_failed(sandbox, STAGE_DESTROY, driver->step_remove(cgroup)) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_CGROUP_MAKE, driver->step_make(cgroup)) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_SPAWN, spawn(sandbox, job, number)) < 0)
    return -1;
  if (sandbox_job_await(sandbox, job->channel, &message, NULL, &pid) < 0)
    return -1;
  job->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (sandbox_failed(sandbox, STAGE_SPAWN, job->pidfd < 0 ? -errno : 0) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_JOB_PLACE, driver->step_place(cgroup, pid)) < 0)
    return -1;
  if (sandbox_failed(sandbox, STAGE_JOB_PLACE, first_to_go(pid)) < 0)
    return -1;
  job->pid = pid;
  job->attestation.cgroup = cgroup;
  return sandbox_failed(sandbox, STAGE_JOB_LOST, channel_tell(job->channel, MESSAGE_PLACED));
}

int sandbox_job_applied(struct sandbox *sandbox, int job, struct message *message, int *descriptors) {
  pid_t pid = 0;
  if (sandbox_job_await(sandbox, job, message, descriptors, &pid) < 0)
    return -1;
  if (message->failure.stage == STAGE_NONE)
    return 0;
  sandbox->failure = message->failure;
  return -1;
}

int sandbox_job_settle(struct sandbox *sandbox, struct sandbox_job *job) {
  struct message applied = {0};
  if (job->settled)
    return 0;
  if (sandbox_job_applied(sandbox, job->channel, &applied, NULL) < 0)
    return -1;
  if (attest_place(sandbox, job->pid, &job->attestation) < 0)
    return -1;
  job->settled = true;
  return 0;
}
