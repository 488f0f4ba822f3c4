/* The root file system of a sandbox, from the ground to the pivot. */
#ifndef ROOT_H
#define ROOT_H

#include "inheritance.h"
#include "stage.h"

/* Returns 0, or -1 with the failure filled in. */
int root_build(unsigned slot, const struct sandbox_plan *plan, struct failure *failure);

#endif
