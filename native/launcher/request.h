/* What the worker sends, gathered until there is a step to run. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>

#include "inheritance.h"
#include "input.h"
#include "word_to.h"

enum { REQUEST_BUFFER = FRAME_HEADER + FRAME_TREE_MAX };

struct request {
  int connection;
  struct shared *shared;
  bool has_sandbox;
  bool has_filter;
  bool started; /* a step has run: no more files */
  bool running; /* a step runs: its plan is in use, until request_step_over */
  bool ended;   /* END has come, perhaps while a step still ran */
  struct input_file *files;
  struct input_file *last;
  uint64_t file_bytes;
  uint64_t file_count;
  bool beside;         /* process trees run side by side here, each with a number: no bare STEP comes any more */
  struct word_to word; /* the last TREE */
  struct input input;  /* of the step, whole */
  size_t have;
  uint8_t buffer[REQUEST_BUFFER];
};

enum request_result { REQUEST_MORE = 0, REQUEST_STEP = 1, REQUEST_END = 2, REQUEST_CANCEL = 3, REQUEST_LOST = 4, REQUEST_TREE = 5 };

/* Takes what the connection holds, without waiting, up to the next thing to act on. A result above, or -EPROTO.
 * A CANCEL's word is in `cancel`; what a TREE says is in `word`, and if that is a STEP, its plan in shared memory. */
int request_take(struct request *request, char *cancel);

/* The step is over: the next one may come. */
void request_step_over(struct request *request);

#endif
