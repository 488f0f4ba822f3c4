/* Fuzz target: a whole conversation, as a script. However its bytes are cut, the launcher must make the same of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher-claim.h"
#include "launcher-stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct script script;
static struct shared shared;
static struct request request = {.shared = &shared};
static struct stream_trace first;
static struct stream_trace other;

#ifdef STOCKADE_FUZZ_CONTROL
/* The fault that has to be found: one byte behind the standard input is read, if it holds what none in the corpus does. */
static void control(void) {
  static volatile uint8_t seen;
  if (request.input.bytes != NULL && memchr(request.input.bytes, '/', request.input.size) != NULL)
    seen = request.input.bytes[request.input.size];
  (void)seen;
}
#else
static void control(void) {}
#endif

/* Only of what was not refused: after a refusal the plan is undefined. */
static void claim(void) {
  if (first.count > 0 && first.event[first.count - 1].result < 0)
    return;
  if (request.has_sandbox)
    claim_sandbox(&shared.sandbox);
  if (request.started)
    claim_step(&shared.step);
  for (const struct input_file *file = request.files; file != NULL; file = file->next)
    claim_file(&file->plan);
  control();
}

static void compare(int pieces) {
  stream_play(&script, pieces, &request, &other);
  stream_forget(&request);
  if (other.count == first.count && memcmp(other.event, first.event, first.count * sizeof *first.event) == 0)
    return;
  fprintf(stderr, "in pieces of %d the same bytes mean something else\n", pieces);
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  script_read(bytes, size, &script);
  stream_play(&script, STREAM_AS_CUT, &request, &first);
  claim();
  stream_forget(&request);
  compare(STREAM_WHOLE);
  compare(1 + (int)(size % 61) + (int)(script.size / 512));
  return 0;
}
