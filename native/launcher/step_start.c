/* A step up to its release: streams, process, groups, barrier. */
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "answer.h"
#include "channel.h"
#include "monotonic.h"

/* The job's three streams: our ends stay in the step, its ends go to it with the word to go on. */
static int make_streams(struct step *step) {
  const struct sandbox_plan *plan = &step->sandbox->request->shared->sandbox;
  uint64_t first = sandbox_first_id(step->sandbox);
  if (step->terminal)
    return 0; /* the job makes it, in the sandbox's own devpts */
  for (unsigned at = 0; at < STREAMS; at++) {
    int pipes[2];
    unsigned ours = at == STDIN ? 1 : 0;
    if (pipe2(pipes, O_CLOEXEC) < 0)
      return -errno;
    step->stream[at] = pipes[ours];
    step->given[at] = pipes[1 - ours];
    /* The job's own: a pipe is opened anew through /dev/stdin and its like by whom its owner's rights let. */
    if (fchown(pipes[ours], (uid_t)(first + plan->uid), (gid_t)(first + plan->gid)) < 0)
      return -errno;
    if (fcntl(step->stream[at], F_SETFL, O_NONBLOCK) < 0)
      return -errno;
  }
  if (!step->plan->stdin_stream)
    step_end_stream(step, STDIN);
  return 0;
}

static int tell_go(struct step *step) {
  const struct message message = {.kind = MESSAGE_GO, .value = {step->terminal ? 1 : 0, step->rows, step->columns}};
  int result = channel_send(step->job.channel, &message, step->given, step->terminal ? 0 : STREAMS);
  for (unsigned at = 0; at < STREAMS; at++) {
    if (step->given[at] >= 0)
      close(step->given[at]);
    step->given[at] = -1;
  }
  return result;
}

static int take_job(struct step *step) {
  struct sandbox *sandbox = step->sandbox;
  if (step->job.pid > 0)
    return 0; /* made for this one */
  if (sandbox->next.pid == 0 && sandbox_job_make(sandbox, step->cgroup, &sandbox->next, 0) < 0)
    return -1;
  step->job = sandbox->next;
  sandbox->next = no_job;
  return 0;
}

/* Everything: with it comes the listener of the job's filter. */
static int await_hardened(struct step *step) {
  struct message message = {0};
  int descriptors[CHANNEL_DESCRIPTORS] = {-1, -1, -1};
  int result = sandbox_job_applied(step->sandbox, step->job.channel, &message, descriptors);
  step->job.attestation.landlock_abi = (int)message.value[0];
  for (unsigned at = 1; at < CHANNEL_DESCRIPTORS; at++)
    if (descriptors[at] >= 0)
      close(descriptors[at]);
  if (result == 0)
    return step_failed(step, STAGE_SECCOMP, step_refusal_open(step, descriptors[0]));
  if (descriptors[0] >= 0)
    close(descriptors[0]);
  return -1;
}

/* From outside, since the job itself needs one descriptor more, for the listener, when its filter may already refuse the call. */
static int limit_files(const struct step *step) {
  const struct rlimit limit = {step->plan->open_files, step->plan->open_files};
  return prlimit(step->job.pid, RLIMIT_NOFILE, &limit, NULL) == 0 ? 0 : -errno;
}

/* All that is ours to do while init still builds the root. */
static int prepare_outside(struct step *step) {
  struct sandbox *sandbox = step->sandbox;
  const struct cgroup_limits limits = guess_limits(&sandbox->request->shared->sandbox, step->plan);
  if (take_job(step) < 0)
    return -1;
  if (step_failed(step, STAGE_CGROUP_LIMIT, cgroup_step_limit(step->cgroup, &limits)) < 0)
    return -1;
  if (step_failed(step, STAGE_SPAWN, make_streams(step)) < 0)
    return -1;
  return sandbox_job_settle(sandbox, &step->job);
}

/* Up to the barrier: limits set, everything applied, nothing executed. */
int step_prepare(struct step *step) {
  step_refusal_copy(step);
  if (prepare_outside(step) < 0)
    return -1;
  if (sandbox_await_root(step->sandbox) < 0)
    return -1;
  if (step_failed(step, STAGE_JOB_LOST, tell_go(step)) < 0)
    return -1;
  if (sandbox_tell(step->sandbox) < 0)
    return -1;
  if (step->terminal && step_terminal_take(step) < 0)
    return -1;
  if (await_hardened(step) < 0)
    return -1;
  if (step_failed(step, STAGE_RLIMIT, limit_files(step)) < 0)
    return -1;
  if (sandbox_complete(step->sandbox) < 0)
    return -1;
  return attest_process(step->sandbox, step->job.pid, &step->job.attestation);
}

/* The base is what the job's own preparation has cost: it is not the program's. */
static int take_base(struct step *step) {
  const struct cgroup_driver *driver = cgroup_driver(&step->sandbox->world->cgroups);
  int result = driver->step_reset(step->cgroup);
  return result < 0 ? result : driver->step_base(step->cgroup, &step->base);
}

int step_release(struct step *step) {
  char json[2048];
  if (attest_print(step->sandbox, step->job.pid, &step->job.attestation, json, sizeof json) < 0)
    return -1;
  step->setup_us = (monotonic_ns() - step->sandbox->begun_ns) / 1000;
  if (step_failed(step, STAGE_COUNTERS, take_base(step)) < 0)
    return -1;
  step->released_ns = monotonic_ns();
  if (step_failed(step, STAGE_RELEASE, channel_tell(step->job.channel, MESSAGE_RELEASE)) < 0)
    return -1;
  /* What it says was true before the first instruction; the program need not wait for it to be sent. */
  int result = step_answer(step, FRAME_STARTED, json, (uint32_t)strlen(json), step->released_ns + step_patience_ns);
  step->lost = result < 0;
  return 0;
}
