/* The job's own directory and the files in it, made by init before any program of the job runs. */
#ifndef WORKSPACE_H
#define WORKSPACE_H

#include "plan.h"

/* Makes the workspace and opens it: a descriptor, or -errno. */
int workspace_make(const struct sandbox_plan *plan);

/* Writes one file beneath it, with the directories on the way. 0 or -errno. */
int workspace_write(int workspace, const struct sandbox_plan *plan, const struct file_plan *file, const uint8_t *bytes);

#endif
