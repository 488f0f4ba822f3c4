/* One sandbox as its supervisor sees it. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "inner.h"
#include "request.h"
#include "stage.h"

struct sandbox {
  const struct world *world;
  unsigned slot;
  struct request *request;
  struct cgroup_slot cgroup;
  pid_t init;
  int init_pidfd;
  int channel; /* to init */
  char disk[64]; /* a path to the job's disk through init's root, for statfs alone */
  uint64_t begun_ns;
  uint64_t lifetime_end_ns;
  struct failure failure;
};

/* Serves one connection from its first byte to the last frame. The slot's lock is held by the caller's process. Never returns. */
_Noreturn void supervise(const struct world *world, unsigned slot, int connection);

/* Makes the sandbox: groups, clone, maps, root, files. 0, or -1 with the failure set. */
int sandbox_make(struct sandbox *sandbox);

/* Ends whatever is left, and makes sure that nothing is. Returns how many processes could not be ended. */
unsigned sandbox_destroy(struct sandbox *sandbox);

/* Runs the step in shared memory to its end and answers the worker. 0: go on; -1: the failure is set; 1: the worker is gone. */
int step_run(struct sandbox *sandbox);

/* Reads back what is in force for a process that waits at its barrier, compares it with the plan, and writes STARTED's JSON.
 * 0, or -1 with the failure set. */
int attest(struct sandbox *sandbox, pid_t job, int landlock_abi, char *json, size_t size);

#endif
