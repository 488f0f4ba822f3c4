/* A step while it runs: streams both ways with back-pressure, limits, the worker's words, the end. */
#include "step.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "monotonic.h"

static const uint64_t hour_ns = 3600000000000;

/* The reason stands before the signal is sent. The main process's end makes init end all others. */
void step_end_job(struct step *step, const char *reason) {
  if (step->killed || step->ended)
    return;
  step->reason = reason;
  step->reason_ns = monotonic_ns();
  step->killed = true;
  step->killed_ns = monotonic_ns();
  /* Only for the account; none, if it cannot be read. */
  (void)cgroup_driver(&step->sandbox->world->cgroups)->processes(step->cgroup, &step->killed_processes);
  /* What it still costs to end it (a gigabyte to give back) is not to wait for its share of a processor. Best effort: the next step's
   * quota is written and read back anew. */
  if (step->tree == 0) /* on v1 it is the whole slot's */
    (void)cgroup_step_unthrottle(step->cgroup);
  (void)syscall(SYS_pidfd_send_signal, step->job.pidfd, SIGKILL, NULL, 0);
}

static bool out_empty(const struct step *step) { return outlet_empty(step->outlet); }

static void flush_out(struct step *step) {
  if (outlet_flush(step->outlet, step->sandbox->request->connection) < 0)
    step->lost = true;
}

/* Where the bytes of a piece of output begin, and how many there may be. */
static size_t head_of(const struct step *step) { return step->tree == 0 ? FRAME_HEADER : FRAME_HEADER + FRAME_TREE_HEADER; }

static size_t piece_of(const struct step *step) {
  size_t room = OUTLET_BUFFER - head_of(step);
  return step->window < room ? (size_t)step->window : room;
}

static void begin_frame(struct step *step, enum stream stream, uint32_t length) {
  uint8_t type = stream == STDOUT ? FRAME_STDOUT : FRAME_STDERR;
  if (step->tree == 0)
    frame_header(step->outlet->bytes, type, length);
  else
    frame_tree_header(step->outlet->bytes, step->tree, type, length);
  step->outlet->done = 0;
  step->outlet->have = head_of(step) + length;
  flush_out(step);
}

/* One piece of output into a frame. More than the limit is never passed on: up to it, byte for byte, and one byte more ends the job. */
void step_take_output(struct step *step, enum stream stream) {
  if (!out_empty(step) || step->stream[stream] < 0 || step->window == 0)
    return;
  ssize_t got = read(step->stream[stream], step->outlet->bytes + head_of(step), piece_of(step));
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  /* A terminal that nobody has open any more says EIO (pty(7)). */
  if (got <= 0) {
    step_end_stream(step, stream);
    return;
  }
  uint64_t room = step->plan->output_bytes - step->output;
  uint32_t kept = (uint64_t)got > room ? (uint32_t)room : (uint32_t)got;
  step->output += kept;
  step->bytes[stream] += kept;
  if (step->window != UINT64_MAX)
    step->window -= kept;
  if (kept > 0)
    begin_frame(step, stream, kept);
  if ((uint64_t)got > room) {
    if (step->ended && strcmp(step->reason, "none") == 0) {
      step->reason = "output"; /* it wrote more than the limit and then ended by itself */
      step->reason_ns = step->ended_ns;
    }
    step_end_job(step, "output");
    step_end_stream(step, STDOUT);
    step_end_stream(step, STDERR);
  }
}

void step_give_input(struct step *step) {
  if (step->stream[STDIN] >= 0 && input_give(step->input, step->stream[STDIN]))
    step_end_stream(step, STDIN);
  /* A terminal has no end but the one that is typed. */
  if (input_over(step->input) && !step->terminal)
    step_end_stream(step, STDIN);
}

static int take_worker(struct step *step) {
  char cancel[16];
  int result = request_take(step->sandbox->request, cancel);
  if (result == REQUEST_LOST) {
    step->lost = true;
    return 0;
  }
  if (result == REQUEST_CANCEL) {
    step_end_job(step, strcmp(cancel, "cancelled") == 0 ? "cancelled" : strcmp(cancel, "expired") == 0 ? "expired" : "drain");
    return 0;
  }
  /* An END may come early: it is acted on when the step is over. */
  if (result != REQUEST_MORE && result != REQUEST_END)
    return step_failed(step, STAGE_WATCH, -EPROTO);
  step_give_input(step);
  return 0;
}

/* What the job said after its release: only that it could not be executed. */
static void take_job(struct step *step) {
  struct message message;
  int result = channel_receive(step->job.channel, &message, NULL);
  if (result == 0 && message.kind == MESSAGE_NOT_EXECUTED)
    step->exec_error = message.failure.error;
  close(step->job.channel);
  step->job.channel = -1;
}

static int take_init(struct step *step) {
  struct message message;
  int result = channel_receive(step->sandbox->channel, &message, NULL);
  if (step_failed(step, STAGE_INIT_LOST, result) < 0)
    return -1;
  step->ended = true;
  step->status = (int)message.value[0];
  step->ended_ns = message.value[1];
  step->kill_ns = message.value[2];
  return 0;
}

/* An end by time. Not if the main process has ended already and init still ends what it left behind: then its figures decide. */
static void end_by_time(struct step *step, const char *reason) {
  struct pollfd entry = {.fd = step->job.pidfd, .events = POLLIN};
  step_end_job(step, poll(&entry, 1, 0) > 0 ? "none" : reason);
}

/* Limits by time. Returns how long nothing can happen, milliseconds. */
int step_watch_time(struct step *step) {
  uint64_t now = monotonic_ns();
  uint64_t wall_end = step->released_ns + step->plan->wall_ms * 1000000u;
  uint64_t next = wall_end < step->sandbox->lifetime_end_ns ? wall_end : step->sandbox->lifetime_end_ns;
  if (now >= step->sandbox->lifetime_end_ns)
    end_by_time(step, "lifetime");
  if (now >= wall_end)
    end_by_time(step, "wall");
  if (now >= step->next_cpu_check_ns) {
    uint64_t used = 0;
    uint64_t limit = step->plan->cpu_ms * 1000000u;
    if (cgroup_driver(&step->sandbox->world->cgroups)->cpu_ns(step->cgroup, &used) < 0)
      step_end_job(step, "cpu"); /* what cannot be counted cannot be allowed to run on */
    used = used > step->base.cpu_ns ? used - step->base.cpu_ns : 0;
    if (used >= limit)
      end_by_time(step, "cpu");
    /* No sooner can it reach the limit than with every processor it may use. */
    uint64_t millis = step->sandbox->request->shared->sandbox.cpu_millis;
    uint64_t left = limit - used < hour_ns ? limit - used : hour_ns; /* nothing is lost by looking once an hour; the product fits */
    uint64_t soonest = used >= limit ? (uint64_t)KILL_MS * 1000000u : left * 1000 / millis;
    step->next_cpu_check_ns = now + (soonest < 1000000 ? 1000000 : soonest);
  }
  if (step->next_cpu_check_ns < next)
    next = step->next_cpu_check_ns;
  uint64_t look = step_look_due(step, now);
  if (look < next)
    next = look;
  uint64_t refusal = now + step_refusal_wait_ns(step, now);
  if (refusal > now && refusal < next)
    next = refusal;
  if (step->killed)
    return KILL_MS;
  return next <= now ? 0 : (int)((next - now) / 1000000 < 60000 ? (next - now + 999999) / 1000000 : 60000);
}

int step_watch_memory(struct step *step, const struct pollfd *entries) {
  uint64_t kills = 0;
  if (entries[WATCH_OOM].revents == 0)
    return 0;
  if (step->cgroup->oom_event >= 0) {
    uint64_t count;
    (void)!read(step->cgroup->oom_event, &count, sizeof count);
  }
  int result = cgroup_driver(&step->sandbox->world->cgroups)->oom_kills(step->cgroup, &kills);
  if (step_failed(step, STAGE_WATCH, result) < 0)
    return -1;
  if (kills > 0) /* the group is new for each step */
    step_end_job(step, "memory");
  return 0;
}

void step_watch_list(const struct step *step, struct pollfd *entries) {
  bool room = out_empty(step) && step->window > 0;
  bool input = step->input->done < step->input->size || input_over(step->input);
  entries[WATCH_JOB] = (struct pollfd){.fd = step->job.channel, .events = POLLIN};
  entries[WATCH_OOM] = (struct pollfd){.fd = step->cgroup->oom_event,
                                       .events = step->sandbox->world->cgroups.version == 1 ? POLLIN : POLLPRI};
  entries[WATCH_STDIN] = (struct pollfd){.fd = input && !(step->terminal && input_over(step->input)) ? step->stream[STDIN] : -1, .events = POLLOUT};
  /* Not while the worker has not taken the last piece: the pipe fills and the program waits. */
  entries[WATCH_STDOUT] = (struct pollfd){.fd = room ? step->stream[STDOUT] : -1, .events = POLLIN};
  entries[WATCH_STDERR] = (struct pollfd){.fd = room ? step->stream[STDERR] : -1, .events = POLLIN};
  entries[WATCH_REFUSAL] = (struct pollfd){.fd = step_refusal_wait_ns(step, monotonic_ns()) == 0 ? step->listener : -1, .events = POLLIN};
}

void step_act(struct step *step, const struct pollfd *entries) {
  if (entries[WATCH_JOB].revents != 0)
    take_job(step);
  if (entries[WATCH_STDIN].revents != 0)
    step_give_input(step);
  if (entries[WATCH_STDOUT].revents != 0)
    step_take_output(step, STDOUT);
  if (entries[WATCH_STDERR].revents != 0)
    step_take_output(step, STDERR);
  if (entries[WATCH_REFUSAL].revents & POLLIN)
    step_take_refusal(step);
  else if (entries[WATCH_REFUSAL].revents != 0)
    step_refusal_close(step); /* no process is behind the filter any more */
}

bool step_is_stuck(const struct step *step) { return step->killed && monotonic_ns() > step->killed_ns + (uint64_t)KILL_GRACE_MS * 1000000u; }

enum around { AROUND_WORKER, AROUND_INIT, AROUND };

static int turn(struct step *step) {
  struct pollfd entries[AROUND + WATCHED];
  struct pollfd *own = entries + AROUND;
  int wait_ms = step_watch_time(step);
  entries[AROUND_WORKER] = (struct pollfd){.fd = step->sandbox->request->connection, .events = (short)(POLLIN | (out_empty(step) ? 0 : POLLOUT))};
  entries[AROUND_INIT] = (struct pollfd){.fd = step->ended ? -1 : step->sandbox->channel, .events = POLLIN};
  step_watch_list(step, own);
  int ready = poll(entries, AROUND + WATCHED, wait_ms);
  if (ready < 0)
    return errno == EINTR ? 0 : step_failed(step, STAGE_WATCH, -errno);
  if (ready == 0 && step_is_stuck(step))
    return step_failed(step, STAGE_KILL, -ETIMEDOUT);
  if (step_watch_memory(step, own) < 0)
    return -1;
  if (entries[AROUND_WORKER].revents & POLLOUT)
    flush_out(step);
  if ((entries[AROUND_WORKER].revents & (POLLIN | POLLHUP | POLLERR)) && take_worker(step) < 0)
    return -1;
  step_act(step, own);
  return entries[AROUND_INIT].revents != 0 ? take_init(step) : 0;
}

/* After the end nobody holds the pipes any more: what is in them is read to the end. */
void step_drain(struct step *step) {
  while (!step->lost && (!out_empty(step) || step->stream[STDOUT] >= 0 || step->stream[STDERR] >= 0)) {
    if (!out_empty(step)) {
      struct pollfd entry = {.fd = step->sandbox->request->connection, .events = POLLOUT};
      if (poll(&entry, 1, SANDBOX_BARRIER_MS) <= 0)
        step->lost = true;
      flush_out(step);
      continue;
    }
    step_take_output(step, STDOUT);
    if (out_empty(step))
      step_take_output(step, STDERR);
  }
}

/* A frame of which the worker has only a part: whatever is said next would stand in the middle of it. The job does not run on meanwhile. */
void step_end_frame(struct step *step) {
  if (!out_empty(step))
    step_end_job(step, step->reason);
  struct pollfd entry = {.fd = step->sandbox->request->connection, .events = POLLOUT};
  uint64_t end = monotonic_ns() + step_patience_ns;
  while (!out_empty(step)) {
    uint64_t now = monotonic_ns();
    if (now >= end || (poll(&entry, 1, (int)((end - now) / 1000000) + 1) < 0 && errno != EINTR)) {
      step->lost = true;
      return;
    }
    flush_out(step);
  }
}

int step_relay(struct step *step) {
  /* What came with the STEP in one write lies in the buffer already, where poll cannot see it. */
  int result = take_worker(step);
  while (result == 0 && !step->ended && !step->lost)
    result = turn(step);
  return result;
}
