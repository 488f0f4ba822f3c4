/* The root file system of a sandbox, from the ground to the pivot. */
#ifndef ROOT_H
#define ROOT_H

#include "inheritance.h"
#include "stage.h"

struct root {
  unsigned slot;
  uint64_t disk_bytes; /* the disk's size; 0: root_build has not run */
  uint64_t disk_inodes;
};

/* All return 0, or -1 with the failure filled in. */

/* What every sandbox has, made before anybody asks for one: the disk, proc with its masks, devices, namespace limits. */
int root_prepare(const struct root *root, struct failure *failure);

/* What this one is to be: the disk's size, the image as root, and the pivot into it. Once. */
int root_build(struct root *root, const struct sandbox_plan *plan, struct failure *failure);

/* The size of a disk that was built for another. */
int root_resize(struct root *root, const struct sandbox_plan *plan, struct failure *failure);

/* Lets go of the root that was there before: the last act, and before any program runs. */
int root_drop_old(struct failure *failure);

#endif
