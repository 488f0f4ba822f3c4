/* Step 9 of 10: frames → a sandbox, its limits and its account. From the first byte of a connection to the last.
 *
 * The supervisor of one sandbox holds its time limits and the kill switch. While it serves it outlives the launcher's other processes;
 * when it dies, init and with it the whole sandbox die (PR_SET_PDEATHSIG). */
#include "supervise.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "answer.h"
#include "channel.h"
#include "diary.h"
#include "monotonic.h"
#include "sandbox.h"
#include "trees.h"

/* How long a worker may take to say what it wants. */
enum { REQUEST_MS = 30000 };
static const uint64_t answer_patience_ns = 5000000000u;

/* Before the slot is cleared up: whoever waits for the last answer may have to run where we do. Most hang up at once. */
static void let_peer_go(int connection) {
  enum { SHORT_MS = 1 };
  struct pollfd entry = {.fd = connection, .events = POLLIN};
  (void)poll(&entry, 1, SHORT_MS);
}

static _Noreturn void leave(struct sandbox *sandbox, int status) {
  sandbox_destroy(sandbox);
  answer_close(sandbox->request->connection, monotonic_ns() + answer_patience_ns / 10);
  _exit(status);
}

static void answer_failed(struct sandbox *sandbox) {
  char json[256];
  const struct failure *failure = &sandbox->failure;
  sandbox_find_cause(sandbox);
  int length = snprintf(json, sizeof json, "{\"stage\":\"%s\",\"errno\":%d,\"index\":%d,\"detail\":\"\"}", stage_name(failure->stage), failure->error, failure->index);
  diary_slot(stage_name(failure->stage), sandbox->slot, failure->error);
  (void)answer_frame(sandbox->request->connection, FRAME_FAILED, json, (uint32_t)length, monotonic_ns() + answer_patience_ns);
}

/* The next thing to act on. Waits at most so long, or until the sandbox's life is over. */
static int await_request(struct sandbox *sandbox) {
  char cancel[16];
  for (;;) {
    if (sandbox->request->ended)
      return REQUEST_END;
    int result = request_take(sandbox->request, cancel);
    if (result == REQUEST_CANCEL)
      continue; /* too late for the step it meant; what came behind it in one write is in the buffer, where poll cannot see it */
    if (result != REQUEST_MORE)
      return result;
    struct pollfd entry = {.fd = sandbox->request->connection, .events = POLLIN};
    int ready = poll(&entry, 1, REQUEST_MS);
    if (ready == 0)
      return -ETIMEDOUT;
    if (ready < 0 && errno != EINTR)
      return -errno;
  }
}

static void answer_destroyed(struct sandbox *sandbox) {
  uint64_t before = monotonic_ns();
  unsigned left = sandbox_end(sandbox);
  char json[96];
  int length = snprintf(json, sizeof json, "{\"leftProcesses\":%u,\"destroyUs\":%" PRIu64 "}", left, (monotonic_ns() - before) / 1000);
  (void)answer_frame(sandbox->request->connection, FRAME_DESTROYED, json, (uint32_t)length, monotonic_ns() + answer_patience_ns);
}

/* A sandbox that could not be prepared is tried once more when somebody asks, who then gets the answer. */
static void prepare(struct sandbox *sandbox, struct standby *standby) {
  if (sandbox_prepare_ahead(sandbox, &standby->guess) < 0) {
    sandbox_find_cause(sandbox);
    diary_slot(stage_name(sandbox->failure.stage), sandbox->slot, sandbox->failure.error);
    sandbox_destroy(sandbox);
    standby->guess.any = false; /* perhaps it was that: an image that is no more */
  }
  atomic_store(&standby->ready, true);
}

/* Waits for a connection, with nothing to do but to notice that init is gone. Returns it, or -1 when none will come. */
static int await_connection(const struct sandbox *sandbox, int channel) {
  int descriptors[CHANNEL_DESCRIPTORS];
  struct message message;
  struct pollfd entries[] = {{.fd = channel, .events = POLLIN}, {.fd = sandbox->init_pidfd, .events = POLLIN}};
  int ready;
  do
    ready = poll(entries, 2, -1);
  while (ready < 0 && errno == EINTR);
  if (ready < 0 || entries[0].revents == 0 || channel_receive(channel, &message, descriptors) < 0)
    return -1;
  return message.kind == MESSAGE_CONNECTION ? descriptors[0] : -1;
}

/* One step, on a sandbox that is made as far as it is not there yet. As step_run. */
static int serve_step(struct sandbox *sandbox) {
  sandbox->begun_ns = monotonic_ns();
  return sandbox_begin(sandbox) < 0 ? -1 : step_run(sandbox);
}

/* Several process trees, from the first to the end of all. */
static _Noreturn void serve_trees(struct sandbox *sandbox, struct standby *standby) {
  int result = trees_serve(sandbox);
  if (sandbox->complete)
    guess_note(&standby->guess, &sandbox->request->shared->sandbox, &sandbox->request->shared->step);
  if (result < 0)
    answer_failed(sandbox);
  if (result == 0) {
    answer_destroyed(sandbox);
    let_peer_go(sandbox->request->connection);
  }
  leave(sandbox, result < 0 ? 1 : 0);
}

static _Noreturn void serve(struct sandbox *sandbox, struct standby *standby) {
  int connection = sandbox->request->connection;
  for (;;) {
    int what = await_request(sandbox);
    if (what == REQUEST_LOST)
      leave(sandbox, 0);
    if (what == REQUEST_END) {
      answer_destroyed(sandbox);
      let_peer_go(connection);
      leave(sandbox, 0);
    }
    if (what == REQUEST_TREE)
      serve_trees(sandbox, standby);
    if (what != REQUEST_STEP) {
      (void)answer_refused(connection, "protocol", "a frame that the protocol does not allow here", monotonic_ns() + answer_patience_ns);
      leave(sandbox, 1);
    }
    bool first = !sandbox->begun;
    int result = serve_step(sandbox);
    request_step_over(sandbox->request);
    if (first && result >= 0)
      guess_note(&standby->guess, &sandbox->request->shared->sandbox, &sandbox->request->shared->step);
    if (result < 0)
      answer_failed(sandbox);
    if (result != 0)
      leave(sandbox, result < 0 ? 1 : 0);
  }
}

/* The memory that an ordinary request will be written to is there before it comes. Only for speed (madvise(2), Linux 5.14). */
static void touch(const void *from, size_t size) {
  const uintptr_t page = 4096;
  uintptr_t first = (uintptr_t)from & ~(page - 1);
  (void)madvise((void *)first, ((uintptr_t)from + size - first + page - 1) & ~(page - 1), MADV_POPULATE_WRITE);
}

static void touch_request(const struct request *request) {
  enum { USUAL_BYTES = 8192 };
  const struct shared *shared = request->shared;
  touch(request->buffer, USUAL_BYTES);
  touch(&shared->sandbox, sizeof shared->sandbox);
  touch(shared->step.argument, 1);
  touch(shared->step.environment, 1);
  touch(shared->step.text, 1);
  touch(shared->filter, USUAL_BYTES);
}

_Noreturn void supervise(const struct world *world, unsigned slot, int channel, struct standby *standby) {
  static struct request request;
  static struct sandbox sandbox;
  request.shared = mmap(NULL, sizeof *request.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sandbox = (struct sandbox){.world = world, .slot = slot, .request = &request, .init_pidfd = -1, .channel = -1, .mounts = -1, .root = -1};
  if (request.shared == MAP_FAILED)
    _exit(1);
  /* A program that ends without reading its input must not end us. The job gets its default back (sanitise_signals). */
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
    _exit(1);
  touch_request(&request);
  prepare(&sandbox, standby);
  request.connection = await_connection(&sandbox, channel);
  if (request.connection < 0) {
    sandbox_destroy(&sandbox);
    _exit(0);
  }
  serve(&sandbox, standby);
}
