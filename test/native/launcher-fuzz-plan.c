/* Fuzz target: one payload to the plan parser. The first line names it: sandbox, step, collect or file. A line end stands for NUL and NUL for
 * a line end, so that a corpus of pairs is text. */
#include <stdlib.h>
#include <string.h>

#include "launcher-claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct sandbox_plan sandbox;
static struct step_plan step;
static struct file_plan file;

#ifdef STOCKADE_FUZZ_CONTROL
/* The fault that has to be found: one byte behind the payload is read, if an argument holds what none in the corpus does. */
static void control(const uint8_t *payload, size_t size) {
  static volatile uint8_t seen;
  for (unsigned at = 0; at < step.argument_count; at++)
    if (strstr(step.argument[at], "/../") != NULL)
      seen = payload[size];
  (void)seen;
}
#else
static void control(const uint8_t *payload, size_t size) {
  (void)payload;
  (void)size;
}
#endif

/* A copy of exactly that size, so that the byte behind it is out of bounds. */
static void parse(const uint8_t *bytes, size_t size, char what) {
  uint8_t *payload = malloc(size == 0 ? 1 : size);
  for (size_t at = 0; at < size; at++)
    payload[at] = bytes[at] == '\n' ? '\0' : bytes[at] == '\0' ? '\n' : bytes[at];
  if (what == 'a' && plan_sandbox(payload, size, &sandbox) == 0)
    claim_sandbox(&sandbox);
  if (what == 'f' && plan_file(payload, size, &file) == 0)
    claim_file(&file);
  if (what == 't' && plan_step(payload, size, &step) == 0) {
    claim_step(&step);
    control(payload, size);
  }
  if (what == 'c' && plan_collect(payload, size, &step) == 0)
    claim_step(&step);
  free(payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size >= 8 && memcmp(bytes, "sandbox\n", 8) == 0)
    parse(bytes + 8, size - 8, 'a');
  else if (size >= 5 && memcmp(bytes, "step\n", 5) == 0)
    parse(bytes + 5, size - 5, 't');
  else if (size >= 8 && memcmp(bytes, "collect\n", 8) == 0)
    parse(bytes + 8, size - 8, 'c');
  else if (size >= 5 && memcmp(bytes, "file\n", 5) == 0)
    parse(bytes + 5, size - 5, 'f');
  return 0;
}
