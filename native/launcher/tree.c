/* A tree from its start to its account. */
#include "tree.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "answer.h"
#include "channel.h"
#include "monotonic.h"

static const struct cgroup_driver *driver_of(const struct tree *tree) { return cgroup_driver(&tree->step.sandbox->world->cgroups); }

static struct tree *make(struct sandbox *sandbox, struct outlet *outlet, unsigned number, uint32_t id, const struct winsize *terminal) {
  struct tree *tree = calloc(1, sizeof *tree);
  if (tree == NULL)
    return NULL;
  struct step *step = &tree->step;
  step_clear(step, sandbox);
  tree->number = number;
  memcpy(&tree->plan, &sandbox->request->shared->step, offsetof(struct step_plan, argument));
  cgroup_beside(&tree->cgroup, &sandbox->cgroup, number);
  input_begin(&tree->input, !tree->plan.stdin_stream);
  step->plan = &tree->plan;
  /* The first has the groups, and the process, that wait in every sandbox. */
  step->cgroup = number == 0 ? &sandbox->cgroup : &tree->cgroup;
  step->input = &tree->input;
  step->outlet = outlet;
  step->tree = id;
  step->window = TREE_WINDOW;
  step->terminal = terminal->ws_row > 0;
  step->rows = terminal->ws_row;
  step->columns = terminal->ws_col;
  return tree;
}

/* The plan lies in memory that the next one is written to: the job has read it when its channel has closed itself, at the exec. */
static int await_exec(struct step *step) {
  int result = channel_await(step->job.channel, SANDBOX_BARRIER_MS);
  if (result < 0)
    return step_failed(step, STAGE_JOB_LOST, result);
  struct message message;
  if (channel_receive(step->job.channel, &message, NULL) == 0 && message.kind == MESSAGE_NOT_EXECUTED)
    step->exec_error = message.failure.error;
  close(step->job.channel);
  step->job.channel = -1;
  return 0;
}

static int begin(struct tree *tree) {
  struct step *step = &tree->step;
  struct sandbox *sandbox = step->sandbox;
  if (tree->number > 0 && sandbox_job_make(sandbox, &tree->cgroup, &step->job, tree->number) < 0)
    return -1;
  if (step_prepare(step) < 0 || step_release(step) < 0)
    return -1;
  return await_exec(step);
}

static void answer_failed(struct tree *tree) {
  const struct failure *failure = &tree->step.sandbox->failure;
  char json[256];
  int length = snprintf(json, sizeof json, "{\"stage\":\"%s\",\"errno\":%d,\"index\":%d,\"detail\":\"\"}", stage_name(failure->stage), failure->error, failure->index);
  if (step_answer(&tree->step, FRAME_FAILED, json, (uint32_t)length, monotonic_ns() + step_patience_ns) < 0)
    tree->step.lost = true;
}

/* It cannot be exactly as asked: it does not run, and whatever there is of it goes. */
static void fail(struct tree *tree) {
  answer_failed(tree);
  tree->failed = true;
  if (tree->number == 0)
    sandbox_job_forget(&tree->step.sandbox->next);
  if (tree->step.job.pidfd >= 0)
    (void)syscall(SYS_pidfd_send_signal, tree->step.job.pidfd, SIGKILL, NULL, 0);
  if (tree->step.job.channel >= 0)
    close(tree->step.job.channel);
  tree->step.job.channel = -1;
  if (tree->step.job.pid == 0) /* init has none to tell the end of */
    tree->ended = true;
}

struct tree *tree_start(struct sandbox *sandbox, struct outlet *outlet, unsigned number, const struct word_to *word, const struct winsize *terminal,
                        int *result) {
  bool first = !sandbox->begun;
  sandbox->begun_ns = monotonic_ns();
  *result = sandbox_begin(sandbox);
  const struct sandbox_plan *plan = &sandbox->request->shared->sandbox;
  /* Init is one of them on v2. */
  if (*result == 0 && first)
    *result = sandbox_failed(sandbox, STAGE_CGROUP_LIMIT, cgroup_driver(&sandbox->world->cgroups)->slot_share(&sandbox->cgroup, plan->processes + 1, plan->cpu_millis));
  struct tree *tree = *result < 0 ? NULL : make(sandbox, outlet, number, word->tree, terminal);
  if (tree == NULL || begin(tree) == 0)
    return tree;
  /* Without init, or before all is there, it is the sandbox that failed. */
  struct pollfd entry = {.fd = sandbox->init_pidfd, .events = POLLIN};
  *result = !sandbox->complete || poll(&entry, 1, 0) != 0 ? -1 : 0;
  if (*result == 0)
    fail(tree);
  return tree;
}

void tree_end(struct tree *tree, const struct message *ended) {
  tree->ended = true;
  tree->step.ended = true;
  tree->step.status = (int)ended->value[0];
  tree->step.ended_ns = ended->value[1];
  tree->killing_ns = monotonic_ns();
}

/* What the main process left behind. Never waits. */
static int kill_rest(struct tree *tree) {
  struct step *step = &tree->step;
  unsigned found = 0;
  if (step->cgroup->step[CGROUP_MEMORY] >= 0 && step_failed(step, STAGE_KILL, driver_of(tree)->step_kill(step->cgroup, &found)) < 0)
    return -1;
  if (found > 0)
    return monotonic_ns() > tree->killing_ns + (uint64_t)KILL_GRACE_MS * 1000000u ? step_failed(step, STAGE_KILL, -ETIMEDOUT) : 0;
  tree->empty = true;
  step->kill_ns = monotonic_ns() - tree->killing_ns;
  return tree->failed ? 0 : step_account(step);
}

/* Nobody of it writes any more. What a process of another tree may still hold open of its pipes is no reason to wait. */
static void empty_pipe(struct step *step, enum stream stream) {
  if (!outlet_empty(step->outlet) || step->window == 0 || step->stream[stream] < 0)
    return;
  step_take_output(step, stream);
  if (outlet_empty(step->outlet) && step->stream[stream] >= 0 && step->window > 0) {
    struct pollfd entry = {.fd = step->stream[stream], .events = POLLIN};
    if (poll(&entry, 1, 0) <= 0 || (entry.revents & POLLIN) == 0)
      step_end_stream(step, stream);
  }
}

static int finish(struct tree *tree) {
  struct step *step = &tree->step;
  int result = driver_of(tree)->step_remove(step->cgroup);
  if (tree->failed)
    return step_failed(step, STAGE_DESTROY, result) < 0 ? -1 : 1;
  step_end_stream(step, STDIN);
  if (step_failed(step, STAGE_DESTROY, result) < 0)
    return -1;
  if (step_answer_finished(step) > 0)
    step->lost = true;
  return 1;
}

int tree_settle(struct tree *tree) {
  struct step *step = &tree->step;
  if (!tree->empty && kill_rest(tree) < 0)
    return -1;
  if (!tree->empty)
    return 0;
  if (!tree->failed) {
    empty_pipe(step, STDOUT);
    empty_pipe(step, STDERR);
    if (step->stream[STDOUT] >= 0 || step->stream[STDERR] >= 0)
      return 0;
  }
  return finish(tree);
}

int tree_settle_ms(const struct tree *tree) {
  enum { SOON_MS = 1, LATER_MS = 60000 };
  if (!tree->empty)
    return SOON_MS;
  return outlet_empty(tree->step.outlet) && tree->step.window > 0 ? 0 : LATER_MS;
}

void tree_tell_taken(struct tree *tree) {
  struct outlet *outlet = tree->step.outlet;
  if (tree->input_given == 0 || !outlet_empty(outlet))
    return;
  uint8_t *bytes = outlet->bytes;
  frame_tree_header(bytes, tree->step.tree, FRAME_TAKEN, sizeof(uint32_t));
  for (unsigned at = 0; at < sizeof(uint32_t); at++)
    bytes[FRAME_HEADER + FRAME_TREE_HEADER + at] = (uint8_t)(tree->input_given >> (8 * at) & 0xff);
  tree->input_given = 0;
  outlet->done = 0;
  outlet->have = FRAME_HEADER + FRAME_TREE_HEADER + sizeof(uint32_t);
}

static int hear_input(struct tree *tree, const struct word_to *word) {
  if (tree->step.stream[STDIN] < 0) { /* it takes no more: what comes is passed over, so that nobody waits for it */
    tree->input_given += word->length;
    return 0;
  }
  return input_add(&tree->input, word->bytes, word->length, TREE_WINDOW, true);
}

static int hear_signal(const struct tree *tree, int number) {
  if (tree->ended || step_terminal_signal((struct step *)(uintptr_t)&tree->step, number))
    return 0;
  const struct message message = {.kind = MESSAGE_SIGNAL, .value = {tree->number, (uint64_t)number}};
  return channel_send(tree->step.sandbox->channel, &message, NULL, 0);
}

int tree_hear(struct tree *tree, const struct word_to *word) {
  struct step *step = &tree->step;
  switch (word->type) {
  case FRAME_STDIN:
    return hear_input(tree, word);
  case FRAME_CANCEL:
    if (!tree->ended)
      step_end_job(step, word_to_reason(word->bytes, word->length));
    return 0;
  case FRAME_TERMINAL:
    step_terminal_resize(step, word_to_rows(word), word_to_columns(word));
    return 0;
  case FRAME_SIGNAL:
    return hear_signal(tree, word->bytes[0]);
  default: /* FRAME_WINDOW; more than there can be on its way is no window */
    if (word_to_number(word) > TREE_WINDOW - step->window)
      return -EPROTO;
    step->window += word_to_number(word);
    return 0;
  }
}

void tree_forget(struct tree *tree) {
  step_close(&tree->step);
  input_forget(&tree->input);
  free(tree);
}
