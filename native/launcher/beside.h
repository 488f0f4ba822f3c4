/* Init's part where several process trees run side by side in one sandbox: whose end is whose. */
#ifndef BESIDE_H
#define BESIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"

struct beside {
  bool open;
  int children; /* signalfd: a child has ended */
  pid_t job[CGROUP_BESIDE];
};

/* From now on; the job that is there already is number 0. 0 or -errno. */
int beside_open(struct beside *beside, pid_t first);

void beside_note(struct beside *beside, uint64_t number, pid_t job);

/* Reaps whatever ends and tells the ends of jobs, until the supervisor has something to say. */
void beside_await(struct beside *beside, int channel);

/* To the process group that the job leads, as long as it has not been reaped: its number can be nobody else's until then. */
void beside_signal(const struct beside *beside, uint64_t number, int signal);

#endif
