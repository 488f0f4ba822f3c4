/* Process 1 of a sandbox. */
#ifndef SANDBOX_INIT_H
#define SANDBOX_INIT_H

#include "inheritance.h"

/* Runs in the child of clone3 with all new namespaces; never returns. */
_Noreturn void sandbox_init(int channel, unsigned slot, struct shared *shared);

#endif
