/* Plays scripts. recv and malloc of what is linked here are ours (ld --wrap), so that the code under test is the product's own. */
#include "launcher-stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Memory beyond what has come is out of bounds, though it lies in the request's own buffer (sanitizer/asan_interface.h). */
#if defined(__SANITIZE_ADDRESS__)
#define POISONING 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING 1
#endif
#endif
#ifdef POISONING
#include <sanitizer/asan_interface.h>
#define POISON(at, size) __asan_poison_memory_region((at), (size))
#define UNPOISON(at, size) __asan_unpoison_memory_region((at), (size))
#else
#define POISON(at, size) ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

/* More than any script sends: a FILE may announce what no machine has, and the launcher must bear a malloc that fails. */
enum { LARGEST = 4 << 20 };

static const struct script *source;
static struct request *player;
static size_t open_end; /* of the request's buffer, what is not poisoned ends here */
static size_t delivered; /* up to here it has come */
static size_t taken;
static bool playing;

ssize_t __wrap_recv(int connection, void *bytes, size_t size, int flags);
void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);

ssize_t __wrap_recv(int connection, void *bytes, size_t size, int flags) {
  (void)connection;
  (void)flags;
  size_t there = delivered - taken < size ? delivered - taken : size;
  if (there == 0 && taken == source->size)
    return 0;
  if (there == 0) {
    errno = EAGAIN;
    return -1;
  }
  UNPOISON(bytes, there);
  memcpy(bytes, source->bytes + taken, there);
  open_end = player->have + there;
  taken += there;
  return (ssize_t)there;
}

void *__wrap_malloc(size_t size) { return playing && size > LARGEST ? NULL : __real_malloc(size); }

static void mix(uint64_t *digest, const void *bytes, size_t size) {
  const uint8_t *at = bytes;
  size_t done = 0;
  for (; size - done >= sizeof(uint64_t); done += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, at + done, sizeof word);
    *digest = (*digest ^ word) * 1099511628211u;
    *digest ^= *digest >> 32;
  }
  for (; done < size; done++)
    *digest = (*digest ^ at[done]) * 1099511628211u;
  *digest = (*digest ^ size) * 1099511628211u; /* FNV-1a, eight bytes at a time */
}

static uint64_t digest_of(const struct request *request) {
  const struct shared *shared = request->shared;
  uint64_t digest = 14695981039346656037u;
  const uint8_t flags[] = {request->has_sandbox, request->has_filter, request->started, request->running, request->ended, request->input.end};
  mix(&digest, flags, sizeof flags);
  if (request->has_sandbox)
    mix(&digest, &shared->sandbox, sizeof shared->sandbox);
  if (request->has_filter)
    mix(&digest, shared->filter, shared->filter_count * sizeof *shared->filter);
  if (request->has_filter)
    mix(&digest, shared->audit, shared->audit_count * sizeof *shared->audit);
  for (const struct input_file *file = request->files; file != NULL; file = file->next) {
    mix(&digest, file->plan.path, strlen(file->plan.path));
    mix(&digest, file->bytes, file->have);
  }
  if (request->started) {
    mix(&digest, &shared->step, offsetof(struct step_plan, argument));
    for (unsigned at = 0; at < shared->step.argument_count; at++)
      mix(&digest, shared->step.argument[at], strlen(shared->step.argument[at]));
    for (unsigned at = 0; at < shared->step.environment_count; at++)
      mix(&digest, shared->step.environment[at], strlen(shared->step.environment[at]));
    if (request->beside)
      mix(&digest, &request->word, offsetof(struct word_to, bytes));
    if (request->beside && request->word.type != FRAME_STEP)
      mix(&digest, request->word.bytes, request->word.length);
    mix(&digest, request->input.bytes, request->input.size);
  }
  return digest;
}

static void poison_taken(const struct request *request) {
  if (open_end > request->have)
    POISON(request->buffer + request->have, open_end - request->have);
  open_end = request->have;
}

/* All that can be taken of what has been delivered. Whether the conversation goes on. */
static bool take_delivered(struct request *request, struct stream_trace *trace) {
  while (trace->count < STREAM_EVENTS) {
    struct stream_event *event = &trace->event[trace->count];
    memset(event, 0, sizeof *event);
    event->result = request_take(request, event->cancel);
    poison_taken(request);
    if (event->result == REQUEST_MORE)
      return true;
    trace->count++;
    if (event->result < 0)
      return false;
    event->state = digest_of(request);
    if (event->result == REQUEST_LOST)
      return false;
  }
  return false;
}

/* The connection brings everything up to `end`, in pieces. Whether the conversation goes on. */
static bool deliver(size_t end, int pieces, struct request *request, struct stream_trace *trace) {
  do {
    delivered = pieces > 0 && end - delivered > (size_t)pieces ? delivered + (size_t)pieces : end;
    if (!take_delivered(request, trace))
      return false;
  } while (delivered < end);
  return true;
}

void stream_play(const struct script *script, int pieces, struct request *request, struct stream_trace *trace) {
  struct shared *shared = request->shared;
  memset(request, 0, offsetof(struct request, buffer));
  request->shared = shared;
  if (player != request)
    POISON(request->buffer, sizeof request->buffer);
  player = request;
  poison_taken(request);
  source = script;
  delivered = taken = 0;
  trace->count = 0;
  playing = true;
  bool on = true;
  for (unsigned at = 0; on && at < script->marks; at++) {
    bool finished = script->mark[at].kind == SCRIPT_FINISHED;
    if (finished || pieces == STREAM_AS_CUT)
      on = deliver(script->mark[at].at, pieces, request, trace);
    if (finished)
      request_step_over(request);
  }
  if (on)
    (void)deliver(script->size, pieces, request, trace);
  playing = false;
}

void stream_forget(struct request *request) {
  for (struct input_file *file = request->files; file != NULL;) {
    struct input_file *next = file->next;
    free(file);
    file = next;
  }
  input_forget(&request->input);
  request->files = request->last = NULL;
}
