/* What the worker sends, gathered until there is a step to run. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>

#include "inheritance.h"

enum { REQUEST_BUFFER = FRAME_HEADER + FRAME_STEP_MAX };

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
  /* Standard input of the step, whole: the worker never waits for a program that does not read. */
  uint8_t *input;
  size_t input_size;
  size_t input_done;
  bool input_end;
  size_t have;
  uint8_t buffer[REQUEST_BUFFER];
};

enum request_result { REQUEST_MORE = 0, REQUEST_STEP = 1, REQUEST_END = 2, REQUEST_CANCEL = 3, REQUEST_LOST = 4 };

/* Takes what the connection holds, without waiting, up to the next thing to act on. A result above, or -EPROTO.
 * A CANCEL's word is in `cancel`. */
int request_take(struct request *request, char *cancel);

/* The step is over: the next one may come. */
void request_step_over(struct request *request);

#endif
