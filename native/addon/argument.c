/* argument.c: straight-line code, one block a rule, no sharing: short enough to be read as a proof.
 *
 *   load number; for each call with rules here: is it that one? no: next call
 *     for each rule: load, mask, compare ... any fails: next rule; all hold: return the action
 *     jump behind the layer
 */
#include "argument.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

#define X32_BIT 0x40000000u
/* A rule's longest form: 12 compares of 7 instructions, and its return. Fits the 8-bit jumps. */
#define RULE_INSTRUCTIONS_MAX (REQUEST_COMPARES_MAX * 7u + 1u)
#define JUMP_FAIL 255u

_Static_assert(RULE_INSTRUCTIONS_MAX < JUMP_FAIL, "fail jumps are 8 bits");

struct rule_code {
  struct sock_filter instructions[RULE_INSTRUCTIONS_MAX];
  size_t count;
};

static void emit(struct rule_code *code, unsigned short opcode, uint32_t k, uint8_t jump_true,
                 uint8_t jump_false) {
  code->instructions[code->count++] =
      (struct sock_filter){.code = opcode, .jt = jump_true, .jf = jump_false, .k = k};
}

/* Little-endian: the low half of a 64-bit argument comes first (both our architectures). */
static void emit_load(struct rule_code *code, uint32_t index, bool high, uint32_t mask) {
  const uint32_t offset =
      (uint32_t)offsetof(struct seccomp_data, args) + index * 8u + (high ? 4u : 0u);
  emit(code, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
  if (mask != 0xffffffffu) {
    emit(code, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
  }
}

/* Equal: both halves must be. A half whose mask is 0 is compared like any other; the masked load gives 0. */
static void emit_equal(struct rule_code *code, const struct request_compare *compare) {
  for (int high = 1; high >= 0; high--) {
    const unsigned int shift = high != 0 ? 32u : 0u;
    const uint32_t mask = (uint32_t)(compare->mask >> shift);
    const uint32_t value = (uint32_t)(compare->value >> shift);
    if (mask == 0 && value == 0) {
      continue;
    }
    emit_load(code, compare->index, high != 0, mask);
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, value, 0, JUMP_FAIL);
  }
}

/* The rest: decided by the high half unless that is equal, then by the low half. */
static void emit_order(struct rule_code *code, const struct request_compare *compare) {
  const uint32_t high = (uint32_t)(compare->value >> 32);
  const uint32_t low = (uint32_t)compare->value;
  const uint32_t low_mask = (uint32_t)compare->mask;
  /* From the high half straight to success: over the low half's load, its mask if any, and its compare. */
  const uint8_t over_low = low_mask == 0xffffffffu ? 2 : 3;
  const bool upward = compare->operator == REQUEST_GT || compare->operator == REQUEST_GE;
  emit_load(code, compare->index, true, (uint32_t)(compare->mask >> 32));
  if (compare->operator == REQUEST_NE) {
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, high, 0, over_low);
  } else if (upward) {
    emit(code, BPF_JMP | BPF_JGT | BPF_K, high, (uint8_t)(over_low + 1), 0);
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, high, 0, JUMP_FAIL);
  } else {
    emit(code, BPF_JMP | BPF_JGT | BPF_K, high, JUMP_FAIL, 0);
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, high, 0, over_low);
  }
  emit_load(code, compare->index, false, low_mask);
  switch (compare->operator) {
  case REQUEST_NE:
    emit(code, BPF_JMP | BPF_JEQ | BPF_K, low, JUMP_FAIL, 0);
    break;
  case REQUEST_GT:
    emit(code, BPF_JMP | BPF_JGT | BPF_K, low, 0, JUMP_FAIL);
    break;
  case REQUEST_GE:
    emit(code, BPF_JMP | BPF_JGE | BPF_K, low, 0, JUMP_FAIL);
    break;
  case REQUEST_LT:
    emit(code, BPF_JMP | BPF_JGE | BPF_K, low, JUMP_FAIL, 0);
    break;
  default: /* REQUEST_LE */
    emit(code, BPF_JMP | BPF_JGT | BPF_K, low, JUMP_FAIL, 0);
    break;
  }
}

/* Turns the mark JUMP_FAIL into the distance to the end of the rule, where the next one begins. */
static void resolve_fails(struct rule_code *code) {
  for (size_t i = 0; i < code->count; i++) {
    struct sock_filter *instruction = &code->instructions[i];
    const uint8_t distance = (uint8_t)(code->count - i - 1);
    if (instruction->jt == JUMP_FAIL) {
      instruction->jt = distance;
    }
    if (instruction->jf == JUMP_FAIL) {
      instruction->jf = distance;
    }
  }
}

static int emit_rule(struct program *program, const struct request_rule *rule) {
  struct rule_code code;
  code.count = 0;
  for (uint32_t i = 0; i < rule->compare_count; i++) {
    if (rule->compares[i].operator == REQUEST_EQ) {
      emit_equal(&code, &rule->compares[i]);
    } else {
      emit_order(&code, &rule->compares[i]);
    }
  }
  emit(&code, BPF_RET | BPF_K, rule->action, 0, 0);
  resolve_fails(&code);
  return program_append(program, code.instructions, code.count);
}

static bool is_conditional(const struct request_rule *rule, uint32_t layer) {
  return rule->layer == layer && rule->compare_count > 0;
}

/* "Jump N instructions ahead", whose N is filled in once it is known. */
static int emit_jump(struct program *program, size_t *position) {
  const struct sock_filter jump = BPF_STMT(BPF_JMP | BPF_JA, 0);
  *position = program->count;
  return program_append(program, &jump, 1);
}

static void land_here(struct program *program, size_t jump) {
  program->instructions[jump].k = (uint32_t)(program->count - jump - 1);
}

/* The calls of a layer that have conditional rules, each once. */
struct call_list {
  size_t count;
  int32_t call[REQUEST_CALL_MAX + 1];
  size_t jump[REQUEST_CALL_MAX + 1]; /* from the table to the call's rules */
  size_t past[REQUEST_CALL_MAX + 1]; /* from their end past those of the other calls */
};

static void list_calls(struct call_list *list, const struct request *request, uint32_t layer) {
  bool listed[REQUEST_CALL_MAX + 1];
  memset(listed, 0, sizeof(listed));
  list->count = 0;
  for (uint32_t i = 0; i < request->header.rule_count; i++) {
    const struct request_rule *rule = &request->rules[i];
    if (is_conditional(rule, layer) && !listed[rule->call]) {
      listed[rule->call] = true;
      list->call[list->count++] = rule->call;
    }
  }
}

/* One compare a call: the kernel walks this once for every call number at each attach (seccomp_cache_prepare). */
static int emit_table(struct program *program, struct call_list *list) {
  const struct sock_filter load =
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  int status = program_append(program, &load, 1);
  for (size_t i = 0; status == 0 && i < list->count; i++) {
    const struct sock_filter compare =
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)list->call[i], 0, 1);
    status = program_append(program, &compare, 1);
    if (status == 0) {
      status = emit_jump(program, &list->jump[i]);
    }
  }
  return status;
}

/* All rules of one call; falls through when none matches. */
static int emit_call(struct program *program, const struct request *request, uint32_t layer,
                     int32_t call) {
  int status = 0;
  for (uint32_t i = 0; status == 0 && i < request->header.rule_count; i++) {
    const struct request_rule *rule = &request->rules[i];
    if (is_conditional(rule, layer) && rule->call == call) {
      status = emit_rule(program, rule);
    }
  }
  return status;
}

int argument_emit_layer(struct program *program, const struct request *request, uint32_t layer) {
  static _Thread_local struct call_list list;
  size_t none = 0;
  list_calls(&list, request, layer);
  if (list.count == 0) {
    return 0;
  }
  int status = emit_table(program, &list);
  if (status == 0) {
    status = emit_jump(program, &none);
  }
  for (size_t i = 0; status == 0 && i < list.count; i++) {
    land_here(program, list.jump[i]);
    status = emit_call(program, request, layer, list.call[i]);
    if (status == 0) {
      status = emit_jump(program, &list.past[i]);
    }
  }
  for (size_t i = 0; status == 0 && i < list.count; i++) {
    land_here(program, list.past[i]);
  }
  if (status == 0) {
    land_here(program, none);
  }
  return status;
}

int argument_emit_prologue(struct program *program, uint32_t architecture) {
  const struct sock_filter check_architecture[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  /* x32 shares x86_64's architecture value and sets a bit in the number. -1 is what a skipped call looks like. */
  const struct sock_filter check_x32[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffffu, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const int status = program_append(program, check_architecture,
                                    sizeof(check_architecture) / sizeof(check_architecture[0]));
  if (status != 0 || architecture != AUDIT_ARCH_X86_64) {
    return status;
  }
  return program_append(program, check_x32, sizeof(check_x32) / sizeof(check_x32[0]));
}
