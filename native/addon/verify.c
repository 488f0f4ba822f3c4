/* verify.c: a BPF interpreter and a reader of rules, both written to be obviously right, not fast. */
#include "verify.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

#define CALLS_CHECKED 1024
/* Returned for what the interpreter does not know; no program may contain it. */
#define NO_VERDICT 0x5eedbeefu

static bool jump_taken(const struct sock_filter *instruction, uint32_t accumulator) {
  switch (BPF_OP(instruction->code)) {
  case BPF_JEQ:
    return accumulator == instruction->k;
  case BPF_JGT:
    return accumulator > instruction->k;
  case BPF_JGE:
    return accumulator >= instruction->k;
  default:
    return (accumulator & instruction->k) != 0; /* BPF_JSET; the kernel refuses others */
  }
}

static uint32_t run(const struct program *program, const struct seccomp_data *data) {
  uint32_t accumulator = 0;
  for (size_t at = 0; at < program->count; at++) {
    const struct sock_filter *instruction = &program->instructions[at];
    switch (instruction->code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (instruction->k > sizeof(*data) - sizeof(accumulator)) {
        return NO_VERDICT;
      }
      memcpy(&accumulator, (const uint8_t *)data + instruction->k, sizeof(accumulator));
      break;
    case BPF_ALU | BPF_AND | BPF_K:
      accumulator &= instruction->k;
      break;
    case BPF_JMP | BPF_JA:
      at += instruction->k;
      break;
    case BPF_RET | BPF_K:
      return instruction->k;
    default:
      if (BPF_CLASS(instruction->code) != BPF_JMP || BPF_SRC(instruction->code) != BPF_K) {
        return NO_VERDICT;
      }
      at += jump_taken(instruction, accumulator) ? instruction->jt : instruction->jf;
      break;
    }
  }
  return NO_VERDICT;
}

static bool compare_holds(const struct request_compare *compare, const uint64_t *arguments) {
  const uint64_t actual = arguments[compare->index] & compare->mask;
  switch (compare->operator) {
  case REQUEST_NE:
    return actual != compare->value;
  case REQUEST_LT:
    return actual < compare->value;
  case REQUEST_LE:
    return actual <= compare->value;
  case REQUEST_EQ:
    return actual == compare->value;
  case REQUEST_GE:
    return actual >= compare->value;
  default:
    return actual > compare->value;
  }
}

static bool rule_matches(const struct request_rule *rule, const struct seccomp_data *data) {
  if (rule->call != data->nr) {
    return false;
  }
  for (uint32_t i = 0; i < rule->compare_count; i++) {
    if (!compare_holds(&rule->compares[i], (const uint64_t *)data->args)) {
      return false;
    }
  }
  return true;
}

/* The first layer decides; within it rules with compares come first, then those without. */
static uint32_t expected(const struct request *request, const struct seccomp_data *data) {
  uint32_t best = UINT32_MAX;
  uint32_t action = request->layers[request->header.layer_count - 1].default_action;
  for (uint32_t i = 0; i < request->header.rule_count; i++) {
    const struct request_rule *rule = &request->rules[i];
    const uint32_t place = rule->layer * 2 + (rule->compare_count > 0 ? 0 : 1);
    if (place < best && rule_matches(rule, data)) {
      best = place;
      action = rule->action;
    }
  }
  return action;
}

static bool agrees(const struct request *request, const struct program *program,
                   const struct seccomp_data *data) {
  return run(program, data) == expected(request, data);
}

static struct seccomp_data data_for(const struct request *request, int call, uint64_t fill) {
  struct seccomp_data data;
  memset(&data, 0, sizeof(data));
  data.nr = call;
  data.arch = request->header.architecture;
  for (size_t i = 0; i < REQUEST_ARGUMENTS; i++) {
    data.args[i] = fill;
  }
  return data;
}

/* The arguments a rule names, then each of them off by one, with a bit of the high half, and without its value. */
static bool rule_agrees(const struct request *request, const struct program *program,
                        const struct request_rule *rule, uint64_t fill) {
  struct seccomp_data data = data_for(request, rule->call, fill);
  for (uint32_t i = 0; i < rule->compare_count; i++) {
    data.args[rule->compares[i].index] = rule->compares[i].value;
  }
  bool same = agrees(request, program, &data);
  for (uint32_t i = 0; same && i < rule->compare_count; i++) {
    const uint64_t value = rule->compares[i].value;
    const uint64_t near[] = {value + 1, value - 1, value | (1ull << 40), value ^ (1ull << 31), ~value, 0, 1};
    for (size_t n = 0; same && n < sizeof(near) / sizeof(near[0]); n++) {
      struct seccomp_data other = data;
      other.args[rule->compares[i].index] = near[n];
      same = agrees(request, program, &other);
    }
  }
  return same;
}

static bool foreign_is_killed(const struct request *request, const struct program *program) {
  struct seccomp_data data = data_for(request, 39, 0);
  data.arch = AUDIT_ARCH_I386;
  if (run(program, &data) != SECCOMP_RET_KILL_PROCESS) {
    return false;
  }
  if (request->header.architecture != AUDIT_ARCH_X86_64) {
    return true;
  }
  data = data_for(request, 0x40000000 | 39, 0);
  return run(program, &data) == SECCOMP_RET_KILL_PROCESS;
}

int verify_program(const struct request *request, const struct program *program) {
  static const uint64_t fills[] = {0, UINT64_MAX, 1, 1ull << 32};
  const size_t fill_count = sizeof(fills) / sizeof(fills[0]);
  if (!foreign_is_killed(request, program)) {
    return 0;
  }
  for (int call = 0; call < CALLS_CHECKED; call++) {
    for (size_t i = 0; i < fill_count; i++) {
      const struct seccomp_data data = data_for(request, call, fills[i]);
      if (!agrees(request, program, &data)) {
        return call;
      }
    }
  }
  for (uint32_t i = 0; i < request->header.rule_count; i++) {
    const struct request_rule *rule = &request->rules[i];
    for (size_t fill = 0; fill < fill_count; fill++) {
      if (!rule_agrees(request, program, rule, fills[fill])) {
        return rule->call;
      }
    }
  }
  return -1;
}
