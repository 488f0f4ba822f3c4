/* A step up to its release: streams, process, groups, barrier. */
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "answer.h"
#include "channel.h"
#include "monotonic.h"

/* Hands the job its streams and its channel, through init. */
static int spawn(struct step *step) {
  int pipes[STREAMS][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
  int ends[2] = {-1, -1};
  int result = channel_pair(ends);
  for (unsigned at = 0; result == 0 && at < STREAMS; at++)
    result = pipe2(pipes[at], O_CLOEXEC) == 0 ? 0 : -errno;
  const int on = 1;
  if (result == 0 && setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
    result = -errno;
  struct message message = {.kind = MESSAGE_SPAWN};
  const int given[] = {ends[1], pipes[STDIN][0], pipes[STDOUT][1], pipes[STDERR][1]};
  if (result == 0)
    result = channel_send(step->sandbox->channel, &message, given, 4);
  for (unsigned at = 0; at < 4; at++)
    if (given[at] >= 0)
      close(given[at]);
  step->job = ends[0];
  step->stream[STDIN] = pipes[STDIN][1];
  step->stream[STDOUT] = pipes[STDOUT][0];
  step->stream[STDERR] = pipes[STDERR][0];
  for (unsigned at = 0; result == 0 && at < STREAMS; at++)
    result = fcntl(step->stream[at], F_SETFL, O_NONBLOCK) == 0 ? 0 : -errno;
  if (result == 0 && !step->plan->stdin_stream)
    step_end_stream(step, STDIN);
  return result;
}

/* The next message of the job, or of init if it could not even start one; never waits for ever. */
static int await_job(struct step *step, struct message *message, pid_t *pid) {
  struct pollfd entries[] = {{.fd = step->job, .events = POLLIN}, {.fd = step->sandbox->channel, .events = POLLIN}};
  int ready;
  do
    ready = poll(entries, 2, BARRIER_MS);
  while (ready < 0 && errno == EINTR);
  if (ready <= 0)
    return step_failed(step, STAGE_JOB_LOST, -ETIMEDOUT);
  if (entries[0].revents & POLLIN)
    return step_failed(step, STAGE_JOB_LOST, channel_receive_from(step->job, message, pid));
  if (channel_receive(step->sandbox->channel, message, NULL) == 0 && message->failure.stage != STAGE_NONE) {
    step->sandbox->failure = message->failure;
    return -1;
  }
  return step_failed(step, STAGE_JOB_LOST, -ECHILD);
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

/* Up to the barrier: placed in its group, everything applied, nothing executed. */
int step_prepare(struct step *step) {
  const struct cgroup_driver *driver = cgroup_driver(&step->sandbox->world->cgroups);
  struct cgroup_slot *group = &step->sandbox->cgroup;
  const struct cgroup_limits limits = {
      .memory_bytes = step->plan->memory_bytes,
      .processes = step->plan->processes,
      .cpu_millis = step->sandbox->request->shared->sandbox.cpu_millis,
  };
  struct message message;
  pid_t pid = 0;
  if (step_failed(step, STAGE_CGROUP_MAKE, driver->step_make(group)) < 0)
    return -1;
  if (step_failed(step, STAGE_CGROUP_LIMIT, driver->step_limit(group, &limits)) < 0)
    return -1;
  if (step_failed(step, STAGE_SPAWN, spawn(step)) < 0)
    return -1;
  if (await_job(step, &message, &pid) < 0)
    return -1;
  step->pid = pid;
  step->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (step_failed(step, STAGE_SPAWN, step->pidfd < 0 ? -errno : 0) < 0)
    return -1;
  if (step_failed(step, STAGE_JOB_PLACE, driver->step_place(group, pid)) < 0)
    return -1;
  if (step_failed(step, STAGE_JOB_PLACE, first_to_go(pid)) < 0)
    return -1;
  if (step_failed(step, STAGE_JOB_LOST, channel_tell(step->job, MESSAGE_GO)) < 0)
    return -1;
  if (await_job(step, &message, &pid) < 0)
    return -1;
  if (message.failure.stage != STAGE_NONE) {
    step->sandbox->failure = message.failure;
    return -1;
  }
  step->landlock_abi = (int)message.value[0];
  return 0;
}

int step_release(struct step *step) {
  const struct cgroup_driver *driver = cgroup_driver(&step->sandbox->world->cgroups);
  char json[2048];
  if (attest(step->sandbox, step->pid, step->landlock_abi, json, sizeof json) < 0)
    return -1;
  step->setup_us = (monotonic_ns() - step->sandbox->begun_ns) / 1000;
  int result = answer_frame(step->sandbox->request->connection, FRAME_STARTED, json, (uint32_t)strlen(json), monotonic_ns() + step_patience_ns);
  if (result < 0) {
    step->lost = true;
    return -1;
  }
  result = driver->step_reset(&step->sandbox->cgroup);
  if (result == 0)
    result = driver->step_counters(&step->sandbox->cgroup, &step->base);
  if (step_failed(step, STAGE_COUNTERS, result) < 0)
    return -1;
  step->released_ns = monotonic_ns();
  return step_failed(step, STAGE_RELEASE, channel_tell(step->job, MESSAGE_RELEASE));
}
