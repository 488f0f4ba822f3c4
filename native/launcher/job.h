/* The process that becomes the program. */
#ifndef JOB_H
#define JOB_H

#include "inheritance.h"

/* Waits twice, for its place and for its plan, applies what it must, waits once more, and executes. Never returns. */
_Noreturn void job_run(int channel, const struct shared *shared);

#endif
