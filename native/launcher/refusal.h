/* What the filter refused, or would have: kept as a short list of different calls, each with a count. Pure. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter_program.h"

enum {
  REFUSALS_TOLD = 32,      /* different calls that are listed of a step whose filter is enforced */
  REFUSALS_OBSERVED = 384, /* of a step that is observed: a program uses some hundred calls */
};

struct refusal {
  struct filter_verdict verdict;
  uint32_t architecture; /* whose number it is: AUDIT_ARCH_… (linux/audit.h) */
  uint32_t number;
  uint64_t argument[FILTER_ARGUMENTS]; /* only what was looked at; the rest is 0 */
  uint64_t count;
  uint64_t first_us; /* after the start of the program */
};

struct refusals {
  unsigned count;
  uint64_t not_listed; /* calls for which the list had no room */
  struct refusal list[REFUSALS_OBSERVED];
};

/* Notes a call. `room` is how many different ones may be listed. */
void refusal_note(struct refusals *refusals, unsigned room, const struct seccomp_data *data, struct filter_verdict verdict, uint64_t at_us);

/* CALLS' JSON. Its length; what does not fit is counted as not listed. */
size_t refusal_print(const struct refusals *refusals, bool observed, char *json, size_t size);

#endif
