/* What docs/launcher-protocol.md promises of a plan that was accepted, said a second time and in other words than plan.c's.
 * A claim that does not hold ends the process: for fuzzers. */
#ifndef LAUNCHER_CLAIM_H
#define LAUNCHER_CLAIM_H

#include "plan.h"

void claim_sandbox(const struct sandbox_plan *plan);
void claim_step(const struct step_plan *plan);
void claim_file(const struct file_plan *plan);

#endif
