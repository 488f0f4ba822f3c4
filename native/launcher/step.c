/* One step: start, release, relay and limits, end, account. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "channel.h"
#include "monotonic.h"
#include "sandbox.h"

enum { CHUNK = 65536, OUT_BUFFER = FRAME_HEADER + CHUNK, BARRIER_MS = 30000, KILL_MS = 10000 };
static const uint64_t answer_patience_ns = 10000000000u;

enum stream { STDIN, STDOUT, STDERR, STREAMS };

struct step {
  struct sandbox *sandbox;
  const struct step_plan *plan;
  int stream[STREAMS]; /* our ends, -1 when closed */
  int job;             /* channel to the job process */
  pid_t pid;
  int pidfd;
  int landlock_abi;
  const char *reason; /* why we ended it; written down before the signal */
  bool killed;
  bool lost; /* the worker is gone */
  bool ended;
  int exec_error;
  int status;
  uint64_t released_ns;
  uint64_t ended_ns;
  uint64_t kill_ns;
  uint64_t setup_us;
  uint64_t output;
  uint64_t bytes[STREAMS];
  struct cgroup_counters base;
  struct cgroup_counters used;
  uint64_t next_cpu_check_ns;
  size_t out_have;
  size_t out_done;
  uint8_t out[OUT_BUFFER];
};

static int failed(struct step *step, enum stage stage, int result) {
  if (result >= 0)
    return 0;
  step->sandbox->failure = (struct failure){.stage = stage, .error = -result};
  return -1;
}

static void end_stream(struct step *step, enum stream stream) {
  if (step->stream[stream] >= 0)
    close(step->stream[stream]);
  step->stream[stream] = -1;
}

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
    end_stream(step, STDIN);
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
    return failed(step, STAGE_JOB_LOST, -ETIMEDOUT);
  if (entries[0].revents & POLLIN)
    return failed(step, STAGE_JOB_LOST, channel_receive_from(step->job, message, pid));
  if (channel_receive(step->sandbox->channel, message, NULL) == 0 && message->failure.stage != STAGE_NONE) {
    step->sandbox->failure = message->failure;
    return -1;
  }
  return failed(step, STAGE_JOB_LOST, -ECHILD);
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
static int prepare(struct step *step) {
  const struct cgroup_driver *driver = cgroup_driver(&step->sandbox->world->cgroups);
  struct cgroup_slot *group = &step->sandbox->cgroup;
  const struct cgroup_limits limits = {
      .memory_bytes = step->plan->memory_bytes,
      .processes = step->plan->processes,
      .cpu_millis = step->sandbox->request->shared->sandbox.cpu_millis,
  };
  struct message message;
  pid_t pid = 0;
  if (failed(step, STAGE_CGROUP_MAKE, driver->step_make(group)) < 0)
    return -1;
  if (failed(step, STAGE_CGROUP_LIMIT, driver->step_limit(group, &limits)) < 0)
    return -1;
  if (failed(step, STAGE_SPAWN, spawn(step)) < 0)
    return -1;
  if (await_job(step, &message, &pid) < 0)
    return -1;
  step->pid = pid;
  step->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (failed(step, STAGE_SPAWN, step->pidfd < 0 ? -errno : 0) < 0)
    return -1;
  if (failed(step, STAGE_JOB_PLACE, driver->step_place(group, pid)) < 0)
    return -1;
  if (failed(step, STAGE_JOB_PLACE, first_to_go(pid)) < 0)
    return -1;
  if (failed(step, STAGE_JOB_LOST, channel_tell(step->job, MESSAGE_GO)) < 0)
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

static int release(struct step *step) {
  const struct cgroup_driver *driver = cgroup_driver(&step->sandbox->world->cgroups);
  char json[2048];
  if (attest(step->sandbox, step->pid, step->landlock_abi, json, sizeof json) < 0)
    return -1;
  step->setup_us = (monotonic_ns() - step->sandbox->begun_ns) / 1000;
  int result = answer_frame(step->sandbox->request->connection, FRAME_STARTED, json, (uint32_t)strlen(json), monotonic_ns() + answer_patience_ns);
  if (result < 0) {
    step->lost = true;
    return -1;
  }
  result = driver->step_reset(&step->sandbox->cgroup);
  if (result == 0)
    result = driver->step_counters(&step->sandbox->cgroup, &step->base);
  if (failed(step, STAGE_COUNTERS, result) < 0)
    return -1;
  step->released_ns = monotonic_ns();
  return failed(step, STAGE_RELEASE, channel_tell(step->job, MESSAGE_RELEASE));
}

/* The reason stands before the signal is sent. The main process's end makes init end all others. */
static void end_job(struct step *step, const char *reason) {
  if (step->killed || step->ended)
    return;
  step->reason = reason;
  step->killed = true;
  (void)syscall(SYS_pidfd_send_signal, step->pidfd, SIGKILL, NULL, 0);
}

static bool out_empty(const struct step *step) { return step->out_done == step->out_have; }

static void flush_out(struct step *step) {
  while (!out_empty(step)) {
    ssize_t sent = send(step->sandbox->request->connection, step->out + step->out_done, step->out_have - step->out_done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && errno == EAGAIN)
      return;
    if (sent < 0) {
      step->lost = true;
      step->out_done = step->out_have;
      return;
    }
    step->out_done += (size_t)sent;
  }
}

/* One piece of output into a frame. More than the limit is never passed on: up to it, byte for byte, and one byte more ends the job. */
static void take_output(struct step *step, enum stream stream) {
  if (!out_empty(step) || step->stream[stream] < 0)
    return;
  ssize_t got = read(step->stream[stream], step->out + FRAME_HEADER, CHUNK);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (got <= 0) {
    end_stream(step, stream);
    return;
  }
  uint64_t room = step->plan->output_bytes - step->output;
  uint32_t kept = (uint64_t)got > room ? (uint32_t)room : (uint32_t)got;
  step->output += kept;
  step->bytes[stream] += kept;
  if (kept > 0) {
    frame_header(step->out, stream == STDOUT ? FRAME_STDOUT : FRAME_STDERR, kept);
    step->out_done = 0;
    step->out_have = FRAME_HEADER + kept;
    flush_out(step);
  }
  if ((uint64_t)got > room) {
    if (step->ended && strcmp(step->reason, "none") == 0)
      step->reason = "output"; /* it wrote more than the limit and then ended by itself */
    end_job(step, "output");
    end_stream(step, STDOUT);
    end_stream(step, STDERR);
  }
}

static void give_input(struct step *step) {
  struct request *request = step->sandbox->request;
  while (step->stream[STDIN] >= 0 && request->input_done < request->input_size) {
    ssize_t wrote = write(step->stream[STDIN], request->input + request->input_done, request->input_size - request->input_done);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote < 0 && errno == EAGAIN)
      return;
    if (wrote < 0)
      end_stream(step, STDIN); /* it does not want more */
    else
      request->input_done += (size_t)wrote;
  }
  if (request->input_end && request->input_done == request->input_size)
    end_stream(step, STDIN);
}

static int take_worker(struct step *step) {
  char cancel[16];
  int result = request_take(step->sandbox->request, cancel);
  if (result == REQUEST_LOST) {
    step->lost = true;
    return 0;
  }
  if (result == REQUEST_CANCEL) {
    end_job(step, strcmp(cancel, "cancelled") == 0 ? "cancelled" : strcmp(cancel, "expired") == 0 ? "expired" : "drain");
    return 0;
  }
  /* An END may come early: it is acted on when the step is over. */
  if (result != REQUEST_MORE && result != REQUEST_END)
    return failed(step, STAGE_WATCH, -EPROTO);
  give_input(step);
  return 0;
}

/* What the job said after its release: only that it could not be executed. */
static void take_job(struct step *step) {
  struct message message;
  int result = channel_receive(step->job, &message, NULL);
  if (result == 0 && message.kind == MESSAGE_NOT_EXECUTED)
    step->exec_error = message.failure.error;
  close(step->job);
  step->job = -1;
}

static int take_init(struct step *step) {
  struct message message;
  int result = channel_receive(step->sandbox->channel, &message, NULL);
  if (failed(step, STAGE_INIT_LOST, result) < 0)
    return -1;
  step->ended = true;
  step->status = (int)message.value[0];
  step->ended_ns = message.value[1];
  step->kill_ns = message.value[2];
  return 0;
}

/* Limits by time. Returns how long nothing can happen, milliseconds. */
static int watch_time(struct step *step) {
  uint64_t now = monotonic_ns();
  uint64_t wall_end = step->released_ns + step->plan->wall_ms * 1000000u;
  uint64_t next = wall_end < step->sandbox->lifetime_end_ns ? wall_end : step->sandbox->lifetime_end_ns;
  if (now >= step->sandbox->lifetime_end_ns)
    end_job(step, "lifetime");
  if (now >= wall_end)
    end_job(step, "wall");
  if (now >= step->next_cpu_check_ns) {
    uint64_t used = 0;
    uint64_t limit = step->plan->cpu_ms * 1000000u;
    if (cgroup_driver(&step->sandbox->world->cgroups)->cpu_ns(&step->sandbox->cgroup, &used) < 0)
      end_job(step, "cpu"); /* what cannot be counted cannot be allowed to run on */
    used = used > step->base.cpu_ns ? used - step->base.cpu_ns : 0;
    if (used >= limit)
      end_job(step, "cpu");
    /* No sooner can it reach the limit than with every processor it may use. */
    uint64_t millis = step->sandbox->request->shared->sandbox.cpu_millis;
    uint64_t soonest = used >= limit ? KILL_MS * 1000000u : (limit - used) * 1000 / millis;
    step->next_cpu_check_ns = now + (soonest < 1000000 ? 1000000 : soonest);
  }
  if (step->next_cpu_check_ns < next)
    next = step->next_cpu_check_ns;
  if (step->killed)
    return KILL_MS;
  return next <= now ? 0 : (int)((next - now) / 1000000 < 60000 ? (next - now + 999999) / 1000000 : 60000);
}

static int watch_memory(struct step *step) {
  uint64_t kills = 0;
  if (step->sandbox->cgroup.oom_event >= 0) {
    uint64_t count;
    (void)!read(step->sandbox->cgroup.oom_event, &count, sizeof count);
  }
  int result = cgroup_driver(&step->sandbox->world->cgroups)->oom_kills(&step->sandbox->cgroup, &kills);
  if (failed(step, STAGE_WATCH, result) < 0)
    return -1;
  if (kills > step->base.oom_kills)
    end_job(step, "memory");
  return 0;
}

enum watched { WATCH_WORKER, WATCH_INIT, WATCH_JOB, WATCH_OOM, WATCH_STDIN, WATCH_STDOUT, WATCH_STDERR, WATCHED };

static void watch_list(const struct step *step, struct pollfd *entries) {
  const struct request *request = step->sandbox->request;
  bool room = out_empty(step);
  bool input = request->input_done < request->input_size || request->input_end;
  entries[WATCH_WORKER] = (struct pollfd){.fd = request->connection, .events = (short)(POLLIN | (room ? 0 : POLLOUT))};
  entries[WATCH_INIT] = (struct pollfd){.fd = step->ended ? -1 : step->sandbox->channel, .events = POLLIN};
  entries[WATCH_JOB] = (struct pollfd){.fd = step->job, .events = POLLIN};
  entries[WATCH_OOM] = (struct pollfd){.fd = step->sandbox->cgroup.oom_event,
                                       .events = step->sandbox->world->cgroups.version == 1 ? POLLIN : POLLPRI};
  entries[WATCH_STDIN] = (struct pollfd){.fd = input ? step->stream[STDIN] : -1, .events = POLLOUT};
  /* Not while the worker has not taken the last piece: the pipe fills and the program waits. */
  entries[WATCH_STDOUT] = (struct pollfd){.fd = room ? step->stream[STDOUT] : -1, .events = POLLIN};
  entries[WATCH_STDERR] = (struct pollfd){.fd = room ? step->stream[STDERR] : -1, .events = POLLIN};
}

static int turn(struct step *step) {
  struct pollfd entries[WATCHED];
  int wait_ms = watch_time(step);
  watch_list(step, entries);
  int ready = poll(entries, WATCHED, wait_ms);
  if (ready < 0)
    return errno == EINTR ? 0 : failed(step, STAGE_WATCH, -errno);
  if (ready == 0 && step->killed && monotonic_ns() > step->released_ns + (uint64_t)KILL_MS * 1000000u * 6)
    return failed(step, STAGE_KILL, -ETIMEDOUT);
  if (entries[WATCH_OOM].revents != 0 && watch_memory(step) < 0)
    return -1;
  if (entries[WATCH_WORKER].revents & POLLOUT)
    flush_out(step);
  if ((entries[WATCH_WORKER].revents & (POLLIN | POLLHUP | POLLERR)) && take_worker(step) < 0)
    return -1;
  if (entries[WATCH_JOB].revents != 0)
    take_job(step);
  if (entries[WATCH_STDIN].revents != 0)
    give_input(step);
  if (entries[WATCH_STDOUT].revents != 0)
    take_output(step, STDOUT);
  if (entries[WATCH_STDERR].revents != 0)
    take_output(step, STDERR);
  return entries[WATCH_INIT].revents != 0 ? take_init(step) : 0;
}

/* After the end nobody holds the pipes any more: what is in them is read to the end. */
static void drain_output(struct step *step) {
  while (!step->lost && (!out_empty(step) || step->stream[STDOUT] >= 0 || step->stream[STDERR] >= 0)) {
    if (!out_empty(step)) {
      struct pollfd entry = {.fd = step->sandbox->request->connection, .events = POLLOUT};
      if (poll(&entry, 1, BARRIER_MS) <= 0)
        step->lost = true;
      flush_out(step);
      continue;
    }
    take_output(step, STDOUT);
    if (out_empty(step))
      take_output(step, STDERR);
  }
}

static uint64_t less(uint64_t value, uint64_t base) { return value > base ? value - base : 0; }

static int account(struct step *step) {
  const struct cgroup_driver *driver = cgroup_driver(&step->sandbox->world->cgroups);
  int result = driver->step_counters(&step->sandbox->cgroup, &step->used);
  if (failed(step, STAGE_COUNTERS, result) < 0)
    return -1;
  struct cgroup_counters *used = &step->used;
  const struct cgroup_counters *base = &step->base;
  used->cpu_ns = less(used->cpu_ns, base->cpu_ns);
  used->user_ns = less(used->user_ns, base->user_ns);
  used->system_ns = less(used->system_ns, base->system_ns);
  used->throttled_ns = less(used->throttled_ns, base->throttled_ns);
  used->oom_kills = less(used->oom_kills, base->oom_kills);
  used->process_refusals = less(used->process_refusals, base->process_refusals);
  /* Not less the memory at the barrier: that was the waiting job's own copy of us, and is given back at the exec. */
  if (used->oom_kills > 0 && strcmp(step->reason, "none") == 0)
    step->reason = "memory";
  return 0;
}

static void read_disk(const struct step *step, uint64_t *bytes, uint64_t *inodes, bool *full) {
  char path[48];
  struct statfs disk;
  /* The magic link leads to init's root and no further: nothing that the job made is looked up. */
  snprintf(path, sizeof path, "/proc/%d/root", step->sandbox->init);
  *bytes = *inodes = 0;
  *full = false;
  if (statfs(path, &disk) < 0)
    return;
  *bytes = (uint64_t)(disk.f_blocks - disk.f_bfree) * (uint64_t)disk.f_bsize;
  *inodes = (uint64_t)(disk.f_files - disk.f_ffree);
  *full = disk.f_bfree == 0 || disk.f_ffree == 0;
}

static int answer_finished(struct step *step) {
  char json[1024];
  uint64_t disk_bytes;
  uint64_t disk_inodes;
  bool disk_full;
  read_disk(step, &disk_bytes, &disk_inodes, &disk_full);
  bool signalled = WIFSIGNALED(step->status);
  const struct cgroup_counters *used = &step->used;
  int length = snprintf(
      json, sizeof json,
      "{\"name\":\"%s\",\"ended\":\"%s\",\"exitCode\":%d,\"signal\":%d,\"reason\":\"%s\",\"execErrno\":%d,\"wallUs\":%" PRIu64 ",\"cpuUs\":%" PRIu64
      ",\"userUs\":%" PRIu64 ",\"systemUs\":%" PRIu64 ",\"memoryPeakBytes\":%" PRIu64 ",\"memoryOomKills\":%" PRIu64 ",\"processPeak\":%" PRIu64
      ",\"processRefusals\":%" PRIu64 ",\"outputBytes\":%" PRIu64 ",\"stdoutBytes\":%" PRIu64 ",\"stderrBytes\":%" PRIu64 ",\"diskBytes\":%" PRIu64
      ",\"diskInodes\":%" PRIu64 ",\"diskFull\":%s,\"throttledUs\":%" PRIu64 ",\"setupUs\":%" PRIu64 ",\"killUs\":%" PRIu64 "}",
      step->plan->name, signalled ? "signalled" : "exited", signalled ? 0 : WEXITSTATUS(step->status), signalled ? WTERMSIG(step->status) : 0,
      step->reason, step->exec_error, less(step->ended_ns, step->released_ns) / 1000, used->cpu_ns / 1000, used->user_ns / 1000,
      used->system_ns / 1000, used->memory_peak_bytes, used->oom_kills, used->process_peak, used->process_refusals, step->output, step->bytes[STDOUT],
      step->bytes[STDERR], disk_bytes, disk_inodes, disk_full ? "true" : "false", used->throttled_ns / 1000, step->setup_us, step->kill_ns / 1000);
  int result = answer_frame(step->sandbox->request->connection, FRAME_FINISHED, json, (uint32_t)length, monotonic_ns() + answer_patience_ns);
  return result < 0 ? 1 : 0;
}

int step_run(struct sandbox *sandbox) {
  static struct step step;
  memset(&step, 0, offsetof(struct step, out));
  step.sandbox = sandbox;
  step.plan = &sandbox->request->shared->step;
  step.reason = "none";
  step.job = step.pidfd = -1;
  step.stream[STDIN] = step.stream[STDOUT] = step.stream[STDERR] = -1;
  int result = prepare(&step);
  if (result == 0)
    result = release(&step);
  /* What came with the STEP in one write lies in the buffer already, where poll cannot see it. */
  if (result == 0)
    result = take_worker(&step);
  while (result == 0 && !step.ended && !step.lost)
    result = turn(&step);
  if (step.lost)
    return 1;
  if (result == 0)
    drain_output(&step);
  if (result == 0)
    result = account(&step);
  if (result == 0)
    result = step.lost ? 1 : answer_finished(&step);
  for (unsigned at = 0; at < STREAMS; at++)
    end_stream(&step, at);
  if (step.job >= 0)
    close(step.job);
  if (step.pidfd >= 0)
    close(step.pidfd);
  if (result == 0 && failed(&step, STAGE_DESTROY, cgroup_driver(&sandbox->world->cgroups)->step_remove(&sandbox->cgroup)) < 0)
    return -1;
  return result;
}
