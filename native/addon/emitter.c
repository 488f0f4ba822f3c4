/* emitter.c: instructions are pushed behind one another and turned round at the end. */
#include "emitter.h"

#include <errno.h>

/* Conditional jumps have 8 bits. The few that are kept back let one more instruction come between, which the
 * other side of the same jump may need. */
#define REACH 250u

static label push(struct emitter *emitter, struct sock_filter instruction, label when_true,
                  label when_false) {
  const label at = emitter->count;
  if (at == PROGRAM_INSTRUCTIONS_MAX) {
    emitter->overflowed = true;
    return 0;
  }
  emitter->code[at] = instruction;
  emitter->when_true[at] = when_true;
  emitter->when_false[at] = when_false;
  emitter->count++;
  return at;
}

/* How far the instruction pushed next would have to jump. */
static uint32_t distance(const struct emitter *emitter, label target) {
  return (uint32_t)(emitter->count - target - 1);
}

/* The oldest equal instruction, so that what is found once is found again. */
static bool find(const struct emitter *emitter, uint16_t code, uint32_t k, label when_true,
                 label when_false, label *found) {
  for (label at = 0; at < emitter->count; at++) {
    const struct sock_filter *instruction = &emitter->code[at];
    if (instruction->code == code && instruction->k == k && emitter->when_true[at] == when_true &&
        emitter->when_false[at] == when_false) {
      *found = at;
      return true;
    }
  }
  return false;
}

static bool is_return(const struct sock_filter *instruction) {
  return instruction->code == (BPF_RET | BPF_K);
}

/* Another way to the same place: a copy of a return, or a jump to the target. */
static bool leads_to(const struct emitter *emitter, label at, label target) {
  const struct sock_filter *instruction = &emitter->code[at];
  if (is_return(&emitter->code[target])) {
    return is_return(instruction) && instruction->k == emitter->code[target].k;
  }
  return instruction->code == (BPF_JMP | BPF_JA) && emitter->when_true[at] == target;
}

static label jump(struct emitter *emitter, label target) {
  const struct sock_filter instruction =
      BPF_STMT(BPF_JMP | BPF_JA, distance(emitter, target));
  return push(emitter, instruction, target, target);
}

/* The target itself, or a way to it that a conditional jump reaches. */
static label within_reach(struct emitter *emitter, label target) {
  if (distance(emitter, target) <= REACH) {
    return target;
  }
  for (label at = emitter->count - REACH; at < emitter->count; at++) {
    if (leads_to(emitter, at, target)) {
      return at;
    }
  }
  if (is_return(&emitter->code[target])) {
    return push(emitter, emitter->code[target], target, target);
  }
  return jump(emitter, target);
}

/* An instruction that goes on at one place, which must be the very next. */
static label step(struct emitter *emitter, uint16_t code, uint32_t k, label next) {
  label found = 0;
  if (find(emitter, code, k, next, next, &found)) {
    return found;
  }
  if (distance(emitter, next) != 0) {
    (void)jump(emitter, next);
  }
  return push(emitter, (struct sock_filter)BPF_STMT(code, k), next, next);
}

label emitter_return(struct emitter *emitter, uint32_t action) {
  for (label at = 0; at < emitter->count; at++) {
    if (is_return(&emitter->code[at]) && emitter->code[at].k == action) {
      return at;
    }
  }
  return push(emitter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action), 0, 0);
}

label emitter_load(struct emitter *emitter, uint32_t offset, uint32_t mask, label next) {
  const label masked =
      mask == UINT32_MAX ? next : step(emitter, BPF_ALU | BPF_AND | BPF_K, mask, next);
  return step(emitter, BPF_LD | BPF_W | BPF_ABS, offset, masked);
}

label emitter_branch(struct emitter *emitter, uint16_t operator, uint32_t value, label when_true,
                     label when_false) {
  const uint16_t code = (uint16_t)(BPF_JMP | operator | BPF_K);
  label found = 0;
  if (when_true == when_false) {
    return when_true;
  }
  if (find(emitter, code, value, when_true, when_false, &found)) {
    return found;
  }
  const label near_true = within_reach(emitter, when_true);
  const label near_false = within_reach(emitter, when_false);
  const struct sock_filter instruction = {
      .code = code,
      .jt = (uint8_t)distance(emitter, near_true),
      .jf = (uint8_t)distance(emitter, near_false),
      .k = value,
  };
  return push(emitter, instruction, when_true, when_false);
}

int emitter_finish(const struct emitter *emitter, struct program *program) {
  program->count = 0;
  if (emitter->overflowed) {
    return -E2BIG;
  }
  for (label at = emitter->count; at-- > 0;) {
    program->instructions[program->count++] = emitter->code[at];
  }
  return 0;
}
