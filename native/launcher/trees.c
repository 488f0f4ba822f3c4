/* One turn waits for the worker, for init and for all trees at once; whatever is said to the worker goes through one outlet, frame by frame. */
#include "trees.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "channel.h"
#include "monotonic.h"
#include "step.h"
#include "tree.h"

/* How long a worker may take from its first word to a tree until it starts one. */
static const uint64_t request_patience_ns = 30000000000u;

struct trees {
  struct sandbox *sandbox;
  struct outlet outlet;
  struct tree *tree[CGROUP_BESIDE];
  uint64_t burnt; /* numbers of which init may still tell an end that nobody waits for */
  unsigned turn;  /* whose output goes first: each in its turn */
  uint32_t terminal_of;
  struct winsize terminal; /* asked for by the tree that is to be started with that number */
  bool lost;
};

static struct tree *find(const struct trees *trees, uint32_t id) {
  for (unsigned number = 0; number < CGROUP_BESIDE; number++)
    if (trees->tree[number] != NULL && trees->tree[number]->step.tree == id)
      return trees->tree[number];
  return NULL;
}

static int free_number(const struct trees *trees) {
  for (unsigned number = 0; number < CGROUP_BESIDE; number++)
    if (trees->tree[number] == NULL && (trees->burnt >> number & 1) == 0)
      return (int)number;
  return -EAGAIN;
}

static int start(struct trees *trees, const struct word_to *word) {
  static const struct winsize none = {0};
  int number = free_number(trees);
  if (find(trees, word->tree) != NULL || number < 0)
    return sandbox_failed(trees->sandbox, STAGE_WATCH, number < 0 ? number : -EPROTO);
  const struct winsize *terminal = trees->terminal_of == word->tree ? &trees->terminal : &none;
  int result = 0;
  trees->tree[number] = tree_start(trees->sandbox, &trees->outlet, (unsigned)number, word, terminal, &result);
  trees->terminal_of = 0;
  if (result == 0 && trees->tree[number] == NULL)
    return sandbox_failed(trees->sandbox, STAGE_SPAWN, -ENOMEM);
  return result;
}

/* A word to a tree that has ended meanwhile crossed its FINISHED. */
static int hear(struct trees *trees, const struct word_to *word) {
  struct tree *tree = find(trees, word->tree);
  if (word->type == FRAME_STEP || word->type == FRAME_COLLECT)
    return start(trees, word);
  if (tree != NULL)
    return sandbox_failed(trees->sandbox, STAGE_WATCH, tree_hear(tree, word));
  if (word->type == FRAME_TERMINAL) {
    trees->terminal_of = word->tree;
    trees->terminal = (struct winsize){.ws_row = (unsigned short)word_to_rows(word), .ws_col = (unsigned short)word_to_columns(word)};
  }
  return 0;
}

static void cancel_all(struct trees *trees, const char *word) {
  const char *reason = word_to_reason((const uint8_t *)word, (uint32_t)strlen(word));
  for (unsigned number = 0; number < CGROUP_BESIDE; number++)
    if (trees->tree[number] != NULL && !trees->tree[number]->ended)
      step_end_job(&trees->tree[number]->step, reason);
}

/* Everything that the worker has said by now. 0, or -1 with the failure set. */
static int take_worker(struct trees *trees) {
  struct request *request = trees->sandbox->request;
  char cancel[16];
  for (;;) {
    int result = request_take(request, cancel);
    if (result == REQUEST_MORE || request->ended)
      return 0;
    if (result == REQUEST_LOST) {
      trees->lost = true;
      return 0;
    }
    if (result == REQUEST_CANCEL)
      cancel_all(trees, cancel);
    else if (result != REQUEST_TREE)
      return sandbox_failed(trees->sandbox, STAGE_WATCH, -EPROTO);
    else if (hear(trees, &request->word) < 0)
      return -1;
  }
}

static void note_end(struct trees *trees, const struct message *ended) {
  uint64_t number = ended->value[2] % CGROUP_BESIDE;
  trees->burnt &= ~((uint64_t)1 << number);
  if (trees->tree[number] != NULL && !trees->tree[number]->ended)
    tree_end(trees->tree[number], ended);
}

static int take_init(struct trees *trees) {
  struct message message;
  if (sandbox_failed(trees->sandbox, STAGE_INIT_LOST, channel_receive(trees->sandbox->channel, &message, NULL)) < 0)
    return -1;
  if (message.kind != MESSAGE_ENDED)
    return sandbox_failed(trees->sandbox, STAGE_INIT_LOST, -EPROTO);
  note_end(trees, &message);
  return 0;
}

static void take_noted_ends(struct trees *trees) {
  struct ends *ends = &trees->sandbox->ends;
  for (unsigned at = 0; at < ends->count; at++)
    note_end(trees, &ends->message[at]);
  ends->count = 0;
}

static void forget(struct trees *trees, unsigned number) {
  struct tree *tree = trees->tree[number];
  if (tree->failed && tree->step.job.pid == 0)
    trees->burnt |= (uint64_t)1 << number;
  trees->lost = trees->lost || tree->step.lost;
  tree_forget(tree);
  trees->tree[number] = NULL;
}

static int act(struct trees *trees, unsigned number, const struct pollfd *entries) {
  struct tree *tree = trees->tree[number];
  struct step *step = &tree->step;
  if (!tree->ended) {
    if (step_watch_memory(step, entries) < 0)
      return -1;
    if (step_is_stuck(step))
      return step_failed(step, STAGE_KILL, -ETIMEDOUT);
    size_t before = tree->input.done;
    bool took = step->stream[STDIN] >= 0;
    step_act(step, entries);
    step_give_input(step);
    /* A program that has closed its end takes no more: the rest is as good as taken. */
    tree->input_given += took && step->stream[STDIN] < 0 ? tree->input.size - before : tree->input.done - before;
    if (step->stream[STDIN] < 0)
      tree->input.done = tree->input.size;
  }
  tree_tell_taken(tree);
  int settled = tree->ended ? tree_settle(tree) : 0;
  trees->lost = trees->lost || step->lost;
  if (settled > 0)
    forget(trees, number);
  return settled < 0 ? -1 : 0;
}

/* Fills the list; how long nothing can happen, milliseconds. */
static int watch(struct trees *trees, struct pollfd *entries) {
  enum { IDLE_MS = 60000 };
  const struct sandbox *sandbox = trees->sandbox;
  uint64_t now = monotonic_ns();
  uint64_t left_ms = sandbox->lifetime_end_ns > now ? (sandbox->lifetime_end_ns - now) / 1000000 + 1 : 0;
  int wait_ms = left_ms < IDLE_MS ? (int)left_ms : IDLE_MS;
  entries[0] = (struct pollfd){.fd = sandbox->request->connection, .events = (short)(POLLIN | (outlet_empty(&trees->outlet) ? 0 : POLLOUT))};
  entries[1] = (struct pollfd){.fd = sandbox->channel, .events = POLLIN};
  struct pollfd *own = entries + 2;
  for (unsigned number = 0; number < CGROUP_BESIDE; number++, own += WATCHED) {
    struct tree *tree = trees->tree[number];
    for (unsigned at = 0; at < WATCHED; at++)
      own[at] = (struct pollfd){.fd = -1};
    if (tree == NULL)
      continue;
    if (!tree->ended)
      step_watch_list(&tree->step, own);
    int tree_ms = tree->ended ? tree_settle_ms(tree) : step_watch_time(&tree->step);
    wait_ms = tree_ms < wait_ms ? tree_ms : wait_ms;
  }
  return wait_ms;
}

static int act_on_all(struct trees *trees, const struct pollfd *entries) {
  const struct pollfd *own = entries + 2;
  trees->turn++;
  for (unsigned at = 0; at < CGROUP_BESIDE; at++) {
    unsigned number = (trees->turn + at) % CGROUP_BESIDE;
    if (trees->tree[number] != NULL && act(trees, number, own + (size_t)number * WATCHED) < 0)
      return -1;
  }
  return 0;
}

static int turn(struct trees *trees) {
  struct pollfd entries[2 + CGROUP_BESIDE * WATCHED];
  struct sandbox *sandbox = trees->sandbox;
  int wait_ms = watch(trees, entries);
  if (poll(entries, sizeof entries / sizeof *entries, wait_ms) < 0)
    return errno == EINTR ? 0 : sandbox_failed(sandbox, STAGE_WATCH, -errno);
  if (monotonic_ns() >= sandbox->lifetime_end_ns)
    return sandbox_failed(sandbox, STAGE_LIFETIME, -ETIMEDOUT);
  if ((entries[0].revents & POLLOUT) && outlet_flush(&trees->outlet, sandbox->request->connection) < 0)
    trees->lost = true;
  if (entries[1].revents != 0 && take_init(trees) < 0)
    return -1;
  take_noted_ends(trees);
  if (act_on_all(trees, entries) < 0)
    return -1;
  /* Last, since it may begin trees that were not watched in this turn. */
  return entries[0].revents & (POLLIN | POLLHUP | POLLERR) ? take_worker(trees) : 0;
}

int trees_serve(struct sandbox *sandbox) {
  static struct trees trees;
  trees.sandbox = sandbox;
  /* Until there is a sandbox, whose own lifetime counts. */
  sandbox->lifetime_end_ns = monotonic_ns() + request_patience_ns;
  int result = hear(&trees, &sandbox->request->word);
  /* What came with it in one write lies in the buffer already. */
  if (result == 0)
    result = take_worker(&trees);
  while (result == 0 && !trees.lost && !sandbox->request->ended)
    result = turn(&trees);
  if (trees.lost)
    return 1;
  /* Whatever is said next must not stand in the middle of a frame. */
  if (outlet_finish(&trees.outlet, sandbox->request->connection, monotonic_ns() + step_patience_ns) < 0)
    return 1;
  return result < 0 ? -1 : 0;
}
