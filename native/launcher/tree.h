/* One of several process trees: a step with groups, input and a number of its own. */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "cgroup.h"
#include "input.h"
#include "outlet.h"
#include "step.h"

/* How much of a tree's output may be on its way to whoever reads it, and of its input to the program: bytes. */
enum { TREE_WINDOW = 262144 };

struct tree {
  unsigned number; /* init's and the groups' name for it, from 0 */
  struct cgroup_slot cgroup;
  struct input input;
  uint64_t input_given; /* bytes that the program has, which the worker has not been told yet */
  bool failed;          /* it could not be made, and that has been said */
  bool ended;           /* its main process is gone; what it left behind is being killed */
  bool empty;           /* nothing is left of it but what lies in its pipes */
  uint64_t killing_ns;  /* since when */
  struct step_plan plan; /* but for its texts */
  struct step step;
};

/* Up to its first instruction. NULL: no memory. What went wrong otherwise is in `failed`, and has been said; -1 in `result` if the sandbox itself
 * is lost. */
struct tree *tree_start(struct sandbox *sandbox, struct outlet *outlet, unsigned number, const struct word_to *word, const struct winsize *terminal,
                        int *result);

/* Its main process has ended, says init. */
void tree_end(struct tree *tree, const struct message *ended);

/* What remains to be done once it has: kills the rest, empties the pipes, tells. 0: go on; 1: nothing is left of it; -1: the failure is set. */
int tree_settle(struct tree *tree);

/* How long it may be left alone then, milliseconds. */
int tree_settle_ms(const struct tree *tree);

/* Begins to tell how much of its input the program has taken, if there is anything to tell and nothing else is being said. */
void tree_tell_taken(struct tree *tree);

/* Something that the worker says to it. 0, or -EPROTO. */
int tree_hear(struct tree *tree, const struct word_to *word);

void tree_forget(struct tree *tree);

#endif
