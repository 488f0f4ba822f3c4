/* One sandbox as its supervisor sees it. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "attestation.h"
#include "cgroup.h"
#include "channel.h"
#include "guess.h"
#include "inner.h"
#include "request.h"
#include "stage.h"

/* A process that is to become a program: in its groups, at its barrier. `pid` 0: there is none. */
struct sandbox_job {
  pid_t pid;
  int pidfd;
  int channel;
  bool settled; /* it has applied what depends on no plan, and that has been read back */
  struct attestation attestation;
};

/* Ends of which init told while we waited for another word. */
struct ends {
  unsigned count;
  struct message message[CGROUP_BESIDE];
};

static const struct sandbox_job no_job = {.pidfd = -1, .channel = -1, .attestation = {.status = -1}};

struct sandbox {
  const struct world *world;
  unsigned slot;
  struct request *request;
  struct cgroup_slot cgroup;
  pid_t init; /* 0: nothing is made yet */
  int init_pidfd;
  pid_t ended; /* init, when it has been ended and is still to be reaped; 0: none */
  int channel;   /* to init */
  int mounts;    /* its mount namespace: with us holding it, its end costs nobody a wait */
  int root;      /* the directory; -1: not opened yet */
  bool built;    /* there is a root, built for what is in `built_for` */
  struct sandbox_plan built_for;
  bool begun;    /* it is on the way to what the plan asks for */
  bool told;     /* and init knows */
  bool rooted;   /* far enough for the job to go on */
  bool complete; /* it is the one that was asked for */
  bool gone;     /* it has been ended, and nothing was left */
  struct sandbox_job next;
  struct ends ends;
  uint64_t begun_ns;
  uint64_t lifetime_end_ns;
  struct failure failure;
};

/* How long our own code inside may take between two words, milliseconds. Broken, if longer. */
enum { SANDBOX_BARRIER_MS = 30000 };

/* Notes a failure unless `result` is none. Returns 0, or -1. */
int sandbox_failed(struct sandbox *sandbox, enum stage stage, int result);

/* The first id of the slot's slice, as the outer user namespace, in which we are, counts. */
uint64_t sandbox_first_id(const struct sandbox *sandbox);

/* After a failure: if init has told one of its own, that is the failure. */
void sandbox_find_cause(struct sandbox *sandbox);

/* Makes what every sandbox has: groups, namespaces, id maps, init, most of the root, a waiting job. 0, or -1 with the failure set. */
int sandbox_prepare(struct sandbox *sandbox);

/* Before anybody asks: the same, and if there is a guess, all that it covers. As above. */
int sandbox_prepare_ahead(struct sandbox *sandbox, const struct guess *guess);

/* Makes it the sandbox that the plan in shared memory describes, anew if it is there for another: begins, waits until the job may go on,
 * tells init if that has not been needed yet, waits until all is there. In between others have work of their own. 0, or -1 with the failure
 * set. */
int sandbox_begin(struct sandbox *sandbox);
int sandbox_await_root(struct sandbox *sandbox);
int sandbox_tell(struct sandbox *sandbox);
int sandbox_complete(struct sandbox *sandbox);

/* Takes note of how far init has got. Whether the word was one of that kind. */
bool sandbox_note(struct sandbox *sandbox, uint32_t kind);

/* The first part of the end, when no step will come: what it takes goes on while the last one is accounted for. */
void sandbox_let_go(struct sandbox *sandbox);

/* Ends whatever is left, and makes sure that nothing is. Returns how many processes could not be ended. */
unsigned sandbox_end(struct sandbox *sandbox);

/* The same, and removes the empty groups: the slot is as if it had never been used. */
void sandbox_destroy(struct sandbox *sandbox);

/* A job at its first barrier, in new groups of its own. Where several run side by side, `number` is how init will name its end. 0, or -1 with
 * the failure set. */
int sandbox_job_make(struct sandbox *sandbox, struct cgroup_slot *cgroup, struct sandbox_job *job, unsigned number);

/* Closes what we hold of it. */
void sandbox_job_forget(struct sandbox_job *job);

/* Waits until it has applied what depends on no plan, and reads back what that settles. 0, or -1 with the failure set. */
int sandbox_job_settle(struct sandbox *sandbox, struct sandbox_job *job);

/* The job's word that it has applied what it was told to; a failure of its own is ours. As sandbox_job_await. */
int sandbox_job_applied(struct sandbox *sandbox, int job, struct message *message, int *descriptors);

/* The next message of a job, or of init if that could not even start it. Never waits for ever. 0, or -1 with the failure set.
 * `descriptors` as in channel_receive. */
int sandbox_job_await(struct sandbox *sandbox, int job, struct message *message, int *descriptors, pid_t *pid);

/* Runs the step in shared memory to its end and answers the worker. 0: go on; -1: the failure is set; 1: the worker is gone. */
int step_run(struct sandbox *sandbox);

#endif
