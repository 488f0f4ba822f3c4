/* One step on its way through the supervisor: what its three parts share. */
#ifndef STEP_H
#define STEP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "attest.h"
#include "cgroup.h"
#include "filter_program.h"
#include "frame.h"
#include "input.h"
#include "outlet.h"
#include "refusal.h"
#include "sandbox.h"

/* After its kill: how often we look whether it is gone, and when we give up, milliseconds. A process in uninterruptible sleep is all that
 * can take so long. */
enum { KILL_MS = 10000, KILL_GRACE_MS = 30000 };

enum stream { STDIN, STDOUT, STDERR, STREAMS };

/* Of a full disk the kernel tells nobody, and of a refused process no event on v1: when it was is known as well as we look. 0: never. */
struct step_looks {
  uint64_t next_ns;
  uint64_t disk_room_ns;       /* the last look at which the disk had room */
  uint64_t disk_full_ns;       /* the first one since at which it had none */
  uint64_t process_refused_ns; /* the first one at which the kernel had refused a process */
  uint64_t disk_bytes;
  uint64_t disk_inodes;
};

struct step {
  struct sandbox *sandbox;
  struct cgroup_slot *cgroup; /* where its own groups are open */
  struct input *input;
  struct outlet *outlet;
  uint32_t tree;   /* its number, where several run side by side; 0: it is alone */
  uint64_t window; /* how much output the worker takes at present */
  const struct step_plan *plan;
  int stream[STREAMS]; /* our ends, -1 when closed */
  int given[STREAMS];  /* the job's ends, until it has them */
  struct sandbox_job job;
  const char *reason; /* why we ended it; written down before the signal */
  uint64_t reason_ns; /* when */
  bool killed;
  bool lost; /* the worker is gone */
  bool ended;
  int exec_error;
  int status;
  uint64_t released_ns;
  uint64_t killed_ns;
  uint64_t killed_processes; /* how many there were then */
  uint64_t ended_ns;
  uint64_t kill_ns;
  uint64_t setup_us;
  uint64_t output;
  uint64_t bytes[STREAMS];
  struct cgroup_counters base;
  struct cgroup_counters used;
  uint64_t next_cpu_check_ns;
  struct step_looks looks;
  int listener;              /* of the job's filter; -1 when nobody is behind it any more */
  uint64_t refusals_paid_ns; /* up to when its answers are paid for */
  bool terminal;             /* stdin and stdout are the two directions of one, and there is no stderr */
  unsigned rows;
  unsigned columns;
  /* From here on not cleared for each step. */
  struct filter_out filter; /* what is enforced */
  struct filter_out audit;  /* what is observed; count 0: nothing */
  struct refusals refusals;
};

/* How long a worker may take to accept one frame, nanoseconds. */
static const uint64_t step_patience_ns = 10000000000u;

/* Notes a failure unless `result` is none. Returns 0, or -1. */
int step_failed(struct step *step, enum stage stage, int result);
void step_end_stream(struct step *step, enum stream stream);

/* step_start.c: up to the barrier, and past it. 0, or -1 with the failure set. */
int step_prepare(struct step *step);
int step_release(struct step *step);

/* step_relay.c: until the job has ended; then what is left in the pipes. 0, or -1 with the failure set. */
int step_relay(struct step *step);
void step_drain(struct step *step);
/* What has been begun to be sent is sent to its end, or the worker is lost. */
void step_end_frame(struct step *step);

/* What a step waits for, and what it does about it; how long nothing can happen, milliseconds. 0, or -1 with the failure set. */
enum watched { WATCH_JOB, WATCH_OOM, WATCH_STDIN, WATCH_STDOUT, WATCH_STDERR, WATCH_REFUSAL, WATCHED };
void step_watch_list(const struct step *step, struct pollfd *entries);
int step_watch_time(struct step *step);
int step_watch_memory(struct step *step, const struct pollfd *entries);
void step_act(struct step *step, const struct pollfd *entries);
void step_give_input(struct step *step);
void step_take_output(struct step *step, enum stream stream);

/* Whether it has been killed for so long that it will not end. */
bool step_is_stuck(const struct step *step);

/* A whole frame of ours about this step. 0 or -errno. */
int step_answer(const struct step *step, uint8_t type, const char *payload, uint32_t length, uint64_t deadline_ns);

/* Nothing of it is there yet. */
void step_clear(struct step *step, struct sandbox *sandbox);

/* When all of its processes are gone: what it cost, then its FINISHED. 0, or -1 with the failure set; 1: the worker is gone. */
int step_account(struct step *step);
int step_answer_finished(struct step *step);

/* Lets go of all that is ours of it. */
void step_close(struct step *step);

/* Writes down why the job ends, then ends it. */
void step_end_job(struct step *step, const char *reason);

/* step_look.c: what is in use of the disk, and whether a process was refused. When to look next; a look as if it were at `now`. */
uint64_t step_look_due(struct step *step, uint64_t now);
void step_look(struct step *step, uint64_t now);

/* step_terminal.c: takes our end of the terminal that the job has made. 0, or -1 with the failure set. Its size; a signal to whoever is in its
 * foreground, if it is one that a terminal sends. */
int step_terminal_take(struct step *step);
void step_terminal_resize(struct step *step, unsigned rows, unsigned columns);
bool step_terminal_signal(struct step *step, int number);

/* step_refusal.c: the job's filter asks here. Copies the programs to judge by, takes the listener (0 or -errno), lets it go. */
void step_refusal_copy(struct step *step);
int step_refusal_open(struct step *step, int listener);
void step_refusal_close(struct step *step);

/* Answers one call that waits; how long none may be answered; what there was, to the worker (0 or -errno). */
void step_take_refusal(struct step *step);
uint64_t step_refusal_wait_ns(const struct step *step, uint64_t now);
int step_answer_calls(struct step *step);

#endif
