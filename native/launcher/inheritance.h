/* What the supervisor shares with init and job: one mapping, made before the clone, so that it has one address in all three.
 * The supervisor alone writes, before it says so over the channel. The job loses it at execve. */
#ifndef INHERITANCE_H
#define INHERITANCE_H

#include <linux/filter.h>

#include "plan.h"

struct shared {
  struct sandbox_plan sandbox;
  struct step_plan step;
  unsigned filter_count;
  struct sock_filter filter[FRAME_FILTER_MAX / sizeof(struct sock_filter)];
  /* What is only observed beside the filter; count 0: nothing. */
  unsigned audit_count;
  struct sock_filter audit[FRAME_FILTER_MAX / sizeof(struct sock_filter)];
};

/* A file to be written into the workspace; a list in the supervisor's private memory. */
struct input_file {
  struct input_file *next;
  struct file_plan plan;
  uint64_t have;
  uint8_t bytes[];
};

#endif
