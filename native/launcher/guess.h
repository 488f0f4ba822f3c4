/* What the next job in a slot will probably want: what the last one wanted. The waiting sandbox is made for it. A job that wants something
 * else gets a sandbox made anew; whatever could be applied to any sandbox is compared with the plan, applied if it differs, and read back.
 *
 * It is kept from one job to the next, which may be another tenant's: so it holds sizes, ids and the names of the image and of a directory
 * that it has, and no name of a job, host or label. */
#ifndef GUESS_H
#define GUESS_H

#include <stdbool.h>

#include "cgroup.h"
#include "plan.h"

struct guess {
  bool any;
  struct sandbox_plan sandbox;
  struct cgroup_limits limits;
};

void guess_note(struct guess *guess, const struct sandbox_plan *sandbox, const struct step_plan *step);

/* Whether a root that was built for one plan is what the other asks for, but for the disk's size. */
bool guess_fits(const struct sandbox_plan *built, const struct sandbox_plan *wanted);

struct cgroup_limits guess_limits(const struct sandbox_plan *sandbox, const struct step_plan *step);

#endif
