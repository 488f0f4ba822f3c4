/* The root file system of a sandbox, from the ground to the pivot. */
#ifndef ROOT_H
#define ROOT_H

#include "inheritance.h"
#include "stage.h"

struct root {
  unsigned slot;
  char image[PLAN_WORD_MAX + 1]; /* the one that is probably asked for, and mounted ahead; empty: no guess */
};

/* All return 0, or -1 with the failure filled in. */

/* What every sandbox has, made before anybody asks for one: the disk, proc with its masks, devices, namespace limits. */
int root_prepare(struct root *root, struct failure *failure);

/* What this one asked for: sizes, the image as root, and the pivot into it. */
int root_complete(const struct root *root, const struct sandbox_plan *plan, struct failure *failure);

/* Lets go of the root that was there before: the last act, and before any program runs. */
int root_drop_old(struct failure *failure);

#endif
