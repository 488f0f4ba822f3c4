/* argument.h: the part of the program that looks at arguments.
 *
 * Written here and not by libseccomp: its generator (2.5.4 at least) merges equal-looking blocks without regard
 * to what the accumulator holds. In a filter of ours it so compared a protocol with the number of a family, and
 * let socket(AF_INET, SOCK_STREAM, 1) pass on aarch64 (test/native/seccomp-layers.test.ts found it).
 * Here what a compare reads is part of what it is: it is either loaded just before, or known to be there. */
#ifndef STOCKADE_ADDON_ARGUMENT_H
#define STOCKADE_ADDON_ARGUMENT_H

#include "emitter.h"
#include "request.h"

/* A place to go on at, and the word it wants in the accumulator. The load is written only for those who come
 * without that word, so that twenty compares of one argument share one load. */
struct argument_entry {
  label at;
  bool wants_word;
  uint32_t offset; /* in struct seccomp_data */
  uint32_t mask;
};

/* `at` as a place that wants nothing. */
struct argument_entry argument_anywhere(label at);

/* Writes the load if one is wanted; the result can be reached from anywhere. */
label argument_enter(struct emitter *emitter, struct argument_entry entry);

/* "If all compares of this rule hold return its action, else go on at `otherwise`." */
struct argument_entry argument_emit_rule(struct emitter *emitter, const struct request_rule *rule,
                                         struct argument_entry otherwise);

#endif
