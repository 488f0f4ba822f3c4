/* One step from start to account. */
#include "step.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "monotonic.h"

int step_failed(struct step *step, enum stage stage, int result) { return sandbox_failed(step->sandbox, stage, result); }

void step_end_stream(struct step *step, enum stream stream) {
  if (step->stream[stream] >= 0)
    close(step->stream[stream]);
  step->stream[stream] = -1;
}

static uint64_t less(uint64_t value, uint64_t base) { return value > base ? value - base : 0; }

/* What the kernel had charged ahead is not the program's. Nearly all of it is still there at the end; before an out-of-memory kill the
 * kernel takes it back itself, and the peak is the limit. */
static int correct_peak(struct step *step) {
  uint64_t really = 0;
  struct cgroup_counters *used = &step->used;
  if (used->oom_kills > 0)
    return 0;
  int result = cgroup_driver(&step->sandbox->world->cgroups)->memory_used(step->cgroup, &really);
  if (result < 0)
    return result;
  uint64_t ahead = less(used->memory_now_bytes, really);
  used->memory_peak_bytes = less(used->memory_peak_bytes, ahead);
  return 0;
}

/* The limit that a program passed which then ended by itself, between two of our looks: many threads use up a share of a processor
 * faster than its average (Documentation/scheduler/sched-bwc.rst), and the end of a program may overtake our clock. */
static const char *passed_limit(const struct step *step) {
  const struct cgroup_counters *used = &step->used;
  if (used->oom_kills > 0)
    return "memory";
  if (used->cpu_ns >= step->plan->cpu_ms * 1000000u)
    return "cpu";
  return less(step->ended_ns, step->released_ns) >= step->plan->wall_ms * 1000000u ? "wall" : "none";
}

int step_account(struct step *step) {
  const struct cgroup_driver *driver = cgroup_driver(&step->sandbox->world->cgroups);
  int result = driver->step_counters(step->cgroup, &step->used);
  if (step_failed(step, STAGE_COUNTERS, result) < 0)
    return -1;
  struct cgroup_counters *used = &step->used;
  const struct cgroup_counters *base = &step->base;
  used->cpu_ns = less(used->cpu_ns, base->cpu_ns);
  used->user_ns = less(used->user_ns, base->user_ns);
  used->system_ns = less(used->system_ns, base->system_ns);
  used->throttled_ns = less(used->throttled_ns, base->throttled_ns);
  /* Not less the memory at the barrier: that was the waiting job's own copy of us, and is given back at the exec. */
  if (strcmp(step->reason, "none") == 0) {
    step->reason = passed_limit(step);
    step->reason_ns = strcmp(step->reason, "none") == 0 ? 0 : step->ended_ns;
  }
  return step_failed(step, STAGE_COUNTERS, correct_peak(step));
}

int step_answer_finished(struct step *step) {
  if (step_answer_calls(step) < 0)
    return 1;
  char json[2048]; /* 28 numbers of at most 20 digits, and their names */
  step_look(step, step->ended_ns);
  const struct step_looks *looks = &step->looks;
  bool signalled = WIFSIGNALED(step->status);
  const struct cgroup_counters *used = &step->used;
  int length = snprintf(
      json, sizeof json,
      "{\"name\":\"%s\",\"ended\":\"%s\",\"exitCode\":%d,\"signal\":%d,\"reason\":\"%s\",\"reasonUs\":%" PRIu64 ",\"execErrno\":%d,\"wallUs\":%" PRIu64 ",\"cpuUs\":%" PRIu64
      ",\"userUs\":%" PRIu64 ",\"systemUs\":%" PRIu64 ",\"memoryPeakBytes\":%" PRIu64 ",\"memoryOomKills\":%" PRIu64 ",\"processPeak\":%" PRIu64
      ",\"processRefusals\":%" PRIu64 ",\"processRefusedUs\":%" PRIu64 ",\"processesAtKill\":%" PRIu64 ",\"outputBytes\":%" PRIu64 ",\"stdoutBytes\":%" PRIu64 ",\"stderrBytes\":%" PRIu64 ",\"diskBytes\":%" PRIu64
      ",\"diskInodes\":%" PRIu64 ",\"diskRoomUs\":%" PRIu64 ",\"diskFullUs\":%" PRIu64 ",\"throttledUs\":%" PRIu64 ",\"setupUs\":%" PRIu64 ",\"killUs\":%" PRIu64 "}",
      step->plan->name, signalled ? "signalled" : "exited", signalled ? 0 : WEXITSTATUS(step->status), signalled ? WTERMSIG(step->status) : 0,
      step->reason, less(step->reason_ns, step->released_ns) / 1000, step->exec_error, less(step->ended_ns, step->released_ns) / 1000, used->cpu_ns / 1000, used->user_ns / 1000,
      used->system_ns / 1000, used->memory_peak_bytes, used->oom_kills, used->process_peak, used->process_refusals, less(looks->process_refused_ns, step->released_ns) / 1000,
      step->killed_processes, step->output, step->bytes[STDOUT],
      step->bytes[STDERR], looks->disk_bytes, looks->disk_inodes, less(looks->disk_room_ns, step->released_ns) / 1000, less(looks->disk_full_ns, step->released_ns) / 1000, used->throttled_ns / 1000, step->setup_us, step->kill_ns / 1000);
  int result = step_answer(step, FRAME_FINISHED, json, (uint32_t)length, monotonic_ns() + step_patience_ns);
  return result < 0 ? 1 : 0;
}

int step_answer(const struct step *step, uint8_t type, const char *payload, uint32_t length, uint64_t deadline_ns) {
  int connection = step->sandbox->request->connection;
  if (step->tree == 0)
    return answer_frame(connection, type, payload, length, deadline_ns);
  int result = outlet_finish(step->outlet, connection, deadline_ns);
  return result < 0 ? result : answer_tree(connection, step->tree, type, payload, length, deadline_ns);
}

void step_clear(struct step *step, struct sandbox *sandbox) {
  memset(step, 0, offsetof(struct step, filter));
  step->sandbox = sandbox;
  step->plan = &sandbox->request->shared->step;
  step->window = UINT64_MAX;
  step->reason = "none";
  step->job = no_job;
  step->listener = -1;
  step->refusals.count = 0;
  step->refusals.not_listed = 0;
  for (unsigned at = 0; at < STREAMS; at++)
    step->stream[at] = step->given[at] = -1;
}

void step_close(struct step *step) {
  for (unsigned at = 0; at < STREAMS; at++)
    step_end_stream(step, at);
  step_refusal_close(step);
  sandbox_job_forget(&step->job);
}

int step_run(struct sandbox *sandbox) {
  static struct step step;
  static struct outlet outlet;
  step_clear(&step, sandbox);
  outlet.have = outlet.done = 0;
  step.cgroup = &sandbox->cgroup;
  step.input = &sandbox->request->input;
  step.outlet = &outlet;
  int result = step_prepare(&step);
  if (result == 0)
    result = step_release(&step);
  if (result == 0)
    result = step_relay(&step);
  if (step.lost)
    return 1;
  /* The job and all that it left are gone. */
  if (result == 0 && sandbox->request->ended)
    sandbox_let_go(sandbox);
  if (result == 0)
    step_drain(&step);
  if (result == 0)
    result = step_account(&step);
  if (result == 0)
    result = step.lost ? 1 : step_answer_finished(&step);
  if (result < 0)
    step_end_frame(&step); /* FAILED follows */
  if (step.lost)
    result = 1;
  step_close(&step);
  return result;
}
