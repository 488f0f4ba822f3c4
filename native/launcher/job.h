/* The process that becomes the program. */
#ifndef JOB_H
#define JOB_H

#include "inheritance.h"

/* `stdio`: stdin, stdout, stderr. Never returns. */
_Noreturn void job_run(int channel, const int *stdio, struct shared *shared);

#endif
