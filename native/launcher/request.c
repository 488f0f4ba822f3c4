/* Order of frames, and where their bytes go. The meaning of bytes is plan.c's. */
#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { FILES_MAX = 4096 };
static const size_t input_max = (size_t)128 << 20;

static int take_sandbox(struct request *request, const struct frame *frame) {
  if (request->has_sandbox || plan_sandbox(frame->payload, frame->length, &request->shared->sandbox) < 0)
    return -EPROTO;
  request->has_sandbox = true;
  return REQUEST_MORE;
}

static bool is_program(const struct frame *frame) {
  return frame->length >= sizeof(struct sock_filter) && frame->length % sizeof(struct sock_filter) == 0;
}

/* A new filter, and nothing observed beside it until an AUDIT says so. */
static int take_filter(struct request *request, const struct frame *frame) {
  if (!request->has_sandbox || !is_program(frame))
    return -EPROTO;
  memcpy(request->shared->filter, frame->payload, frame->length);
  request->shared->filter_count = (unsigned)(frame->length / sizeof(struct sock_filter));
  request->shared->audit_count = 0;
  request->has_filter = true;
  return REQUEST_MORE;
}

static int take_audit(struct request *request, const struct frame *frame) {
  if (!request->has_filter || !is_program(frame))
    return -EPROTO;
  memcpy(request->shared->audit, frame->payload, frame->length);
  request->shared->audit_count = (unsigned)(frame->length / sizeof(struct sock_filter));
  return REQUEST_MORE;
}

static bool file_open(const struct request *request) { return request->last != NULL && request->last->have < request->last->plan.size; }

static int take_file(struct request *request, const struct frame *frame) {
  struct file_plan plan;
  if (!request->has_sandbox || request->started || file_open(request) || plan_file(frame->payload, frame->length, &plan) < 0)
    return -EPROTO;
  uint64_t limit = request->shared->sandbox.disk_bytes;
  if (plan.size > limit || request->file_bytes > limit - plan.size || request->file_count == FILES_MAX)
    return -EPROTO;
  struct input_file *file = malloc(sizeof *file + plan.size);
  if (file == NULL)
    return -ENOMEM;
  file->next = NULL;
  file->plan = plan;
  file->have = 0;
  if (request->last == NULL)
    request->files = file;
  else
    request->last->next = file;
  request->last = file;
  request->file_bytes += plan.size;
  request->file_count++;
  return REQUEST_MORE;
}

static int take_data(struct request *request, const struct frame *frame) {
  if (!file_open(request) || frame->length == 0 || frame->length > request->last->plan.size - request->last->have)
    return -EPROTO;
  memcpy(request->last->bytes + request->last->have, frame->payload, frame->length);
  request->last->have += frame->length;
  return REQUEST_MORE;
}

static bool may_start(const struct request *request) { return request->has_sandbox && request->has_filter && !file_open(request); }

static int take_step(struct request *request, const struct frame *frame) {
  if (!may_start(request) || request->beside)
    return -EPROTO;
  /* The job reads its arguments from this very memory until its exec: another plan must not be written over them. */
  if (request->running)
    return -EPROTO;
  if (plan_step(frame->payload, frame->length, &request->shared->step) < 0)
    return -EPROTO;
  request->started = request->running = true;
  input_begin(&request->input, !request->shared->step.stdin_stream);
  return REQUEST_STEP;
}

/* Between steps: it is one itself, whose program is our own. */
static int take_collect(struct request *request, const struct frame *frame) {
  if (!request->started || request->beside || request->running || plan_collect(frame->payload, frame->length, &request->shared->step) < 0)
    return -EPROTO;
  request->running = true;
  input_begin(&request->input, true);
  return REQUEST_STEP;
}

/* Whoever acts on a STEP in it waits until the job has read its plan, before more is taken. */
static int take_tree(struct request *request, const struct frame *frame) {
  const uint8_t *bytes;
  if (!may_start(request) || (request->started && !request->beside) || word_to_take(frame, &request->word, &bytes) < 0)
    return -EPROTO;
  if (request->word.type == FRAME_STEP && plan_step(bytes, request->word.length, &request->shared->step) < 0)
    return -EPROTO;
  /* Beside a tree, not before any. */
  if (request->word.type == FRAME_COLLECT && (!request->started || plan_collect(bytes, request->word.length, &request->shared->step) < 0))
    return -EPROTO;
  request->started = request->started || request->word.type == FRAME_STEP;
  request->beside = true;
  return REQUEST_TREE;
}

static int take_input(struct request *request, const struct frame *frame) {
  if (!request->started || request->beside)
    return -EPROTO;
  return input_add(&request->input, frame->payload, frame->length, input_max, false);
}

static int take_cancel(const struct frame *frame, char *cancel) {
  const char *reason = word_to_reason(frame->payload, frame->length);
  if (reason == NULL)
    return -EPROTO;
  memcpy(cancel, reason, frame->length + 1);
  return REQUEST_CANCEL;
}

static int take_frame(struct request *request, const struct frame *frame, char *cancel) {
  if (request->ended)
    return -EPROTO; /* nothing comes after END */
  switch (frame->type) {
  case FRAME_SANDBOX:
    return take_sandbox(request, frame);
  case FRAME_FILTER:
    return take_filter(request, frame);
  case FRAME_AUDIT:
    return take_audit(request, frame);
  case FRAME_FILE:
    return take_file(request, frame);
  case FRAME_DATA:
    return take_data(request, frame);
  case FRAME_STEP:
    return take_step(request, frame);
  case FRAME_COLLECT:
    return take_collect(request, frame);
  case FRAME_TREE:
    return take_tree(request, frame);
  case FRAME_STDIN:
    return take_input(request, frame);
  case FRAME_CANCEL:
    return take_cancel(frame, cancel);
  case FRAME_END:
    request->ended = true;
    return frame->length == 0 ? REQUEST_END : -EPROTO;
  default:
    return -EPROTO;
  }
}

/* Frames that are already there. The first that has to be acted on ends the turn; the rest waits. */
static int take_buffered(struct request *request, char *cancel) {
  size_t used = 0;
  int result = REQUEST_MORE;
  while (result == REQUEST_MORE) {
    struct frame frame;
    long length = frame_take(request->buffer + used, request->have - used, &frame);
    if (length < 0)
      result = -EPROTO;
    if (length <= 0)
      break;
    result = take_frame(request, &frame, cancel);
    used += (size_t)length;
  }
  memmove(request->buffer, request->buffer + used, request->have - used);
  request->have -= used;
  return result;
}

int request_take(struct request *request, char *cancel) {
  for (;;) {
    int result = take_buffered(request, cancel);
    if (result != REQUEST_MORE)
      return result;
    if (request->have == sizeof request->buffer)
      return -EPROTO;
    ssize_t got = recv(request->connection, request->buffer + request->have, sizeof request->buffer - request->have, MSG_DONTWAIT);
    if (got == 0)
      return REQUEST_LOST;
    if (got < 0)
      return errno == EAGAIN ? REQUEST_MORE : errno == EINTR ? REQUEST_MORE : REQUEST_LOST;
    request->have += (size_t)got;
  }
}

void request_step_over(struct request *request) { request->running = false; }
