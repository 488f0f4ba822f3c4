/* emitter.h: writes a program from its last instruction to its first.
 *
 * Backwards, because classic BPF jumps forward only: whatever an instruction leads to stands already, so its
 * distance is known, and what is the same as something that stands is used again and not written twice.
 * Same means: the same instruction going on at the same places. Nothing is assumed about the accumulator. */
#ifndef STOCKADE_ADDON_EMITTER_H
#define STOCKADE_ADDON_EMITTER_H

#include "program.h"

#include <stdbool.h>
#include <stdint.h>

/* An instruction that stands, counted from the end of the program. */
typedef size_t label;

struct emitter {
  struct sock_filter code[PROGRAM_INSTRUCTIONS_MAX]; /* the last instruction first */
  label when_true[PROGRAM_INSTRUCTIONS_MAX];         /* where each goes on; no matter through what jumps */
  label when_false[PROGRAM_INSTRUCTIONS_MAX];
  size_t count;
  bool overflowed; /* told by emitter_finish; until then labels are worthless, but harmless */
};

/* "Return this action." Equal actions have equal labels. */
label emitter_return(struct emitter *emitter, uint32_t action);

/* "Load the word at `offset` of struct seccomp_data, keep the bits of `mask`, go on at `next`." */
label emitter_load(struct emitter *emitter, uint32_t offset, uint32_t mask, label next);

/* "Compare the accumulator with `value`", `operator` being BPF_JEQ, BPF_JGT or BPF_JGE. */
label emitter_branch(struct emitter *emitter, uint16_t operator, uint32_t value, label when_true,
                     label when_false);

/* Puts all into reading order. Returns 0, or -E2BIG when it is more than the kernel takes. */
int emitter_finish(const struct emitter *emitter, struct program *program);

#endif
