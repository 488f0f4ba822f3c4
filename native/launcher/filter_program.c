/* The seccomp programs of the worker are written in five instructions (native/addon/emitter.c). They are judged here as the kernel judges
 * them, and rewritten so that a refusal is first told to the supervisor: SECCOMP_RET_USER_NOTIF instead of the refusal itself. */
#include "filter_program.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "../bpf_jump.h"
#include "native_architecture.h"

enum { ARGUMENTS_AT = offsetof(struct seccomp_data, args), HALVES = 2 * FILTER_ARGUMENTS };

static bool jump_is_known(const struct sock_filter *instruction, unsigned left) {
  switch (instruction->code) {
  case BPF_JMP | BPF_JA:
    return instruction->k < left;
  case BPF_JMP | BPF_JEQ | BPF_K:
  case BPF_JMP | BPF_JGT | BPF_K:
  case BPF_JMP | BPF_JGE | BPF_K:
  case BPF_JMP | BPF_JSET | BPF_K:
    return instruction->jt < left && instruction->jf < left;
  default:
    return false;
  }
}

bool filter_is_known(const struct sock_filter *code, unsigned count) {
  if (count == 0 || count > FILTER_INSTRUCTIONS_MAX || code[0].code != (BPF_LD | BPF_W | BPF_ABS) || code[count - 1].code != (BPF_RET | BPF_K))
    return false;
  for (unsigned at = 0; at < count; at++) {
    bool load = code[at].code == (BPF_LD | BPF_W | BPF_ABS) && code[at].k < sizeof(struct seccomp_data) && code[at].k % 4 == 0;
    bool plain = load || code[at].code == (BPF_ALU | BPF_AND | BPF_K) || code[at].code == (BPF_RET | BPF_K);
    if (!plain && !jump_is_known(&code[at], count - at - 1))
      return false;
  }
  return true;
}

static uint32_t load(const struct seccomp_data *data, uint32_t offset, uint32_t *looked) {
  uint32_t value;
  memcpy(&value, (const uint8_t *)data + offset, sizeof value);
  if (offset >= ARGUMENTS_AT)
    *looked |= 1U << (offset - ARGUMENTS_AT) / sizeof value;
  return value;
}

struct filter_verdict filter_judge(const struct sock_filter *code, unsigned count, const struct seccomp_data *data) {
  struct filter_verdict verdict = {.action = SECCOMP_RET_KILL_PROCESS};
  uint32_t accumulator = 0;
  for (unsigned at = 0; at < count; at++) {
    const struct sock_filter *instruction = &code[at];
    if (instruction->code == (BPF_RET | BPF_K)) {
      verdict.action = instruction->k;
      return verdict;
    }
    if (BPF_CLASS(instruction->code) == BPF_LD)
      accumulator = load(data, instruction->k, &verdict.looked);
    else if (BPF_CLASS(instruction->code) == BPF_ALU)
      accumulator &= instruction->k;
    else if (BPF_OP(instruction->code) == BPF_JA)
      at += instruction->k;
    else
      at += bpf_jump_taken(instruction, accumulator) ? instruction->jt : instruction->jf;
  }
  return verdict;
}

bool filter_refuses(uint32_t action) { return (int32_t)(action & SECCOMP_RET_ACTION_FULL) < (int32_t)SECCOMP_RET_USER_NOTIF; }

static void put(struct filter_out *out, struct sock_filter instruction) { out->code[out->count++] = instruction; }

static void put_load(struct filter_out *out, size_t offset) { put(out, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset)); }

static void put_return(struct filter_out *out, uint32_t action) { put(out, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action)); }

static void put_jump(struct filter_out *out, uint16_t operator, uint32_t value, uint8_t taken, uint8_t otherwise) {
  put(out, (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | operator | BPF_K), value, taken, otherwise));
}

static size_t argument_half(unsigned half) { return ARGUMENTS_AT + half * sizeof(uint32_t); }

/* SECCOMP_RET_TRAP stays: only the kernel can raise that signal, and the program may wait for it. */
static bool is_told(uint32_t action, enum filter_use use) {
  if (use == FILTER_BENEATH || !filter_refuses(action))
    return false;
  return use == FILTER_OBSERVING || (action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRAP;
}

static uint32_t told(uint32_t action, enum filter_use use) { return is_told(action, use) ? SECCOMP_RET_USER_NOTIF : action; }

/* Other doors before all that looks at numbers, which mean other calls there. */
static void put_doors(struct filter_out *out, const struct sock_filter *code, unsigned count) {
  put_load(out, offsetof(struct seccomp_data, arch));
  put_jump(out, BPF_JEQ, NATIVE_ARCHITECTURE, 1, 0);
  put_return(out, told(filter_judge(code, count, &(struct seccomp_data){.arch = ~NATIVE_ARCHITECTURE}).action, FILTER_ENFORCED));
#if defined(__x86_64__)
  const struct seccomp_data x32 = {.arch = NATIVE_ARCHITECTURE, .nr = X32_BIT | SYS_getpid};
  put_load(out, offsetof(struct seccomp_data, nr));
  put_jump(out, BPF_JGE, X32_BIT, 0, 2);
  put_jump(out, BPF_JEQ, UINT32_MAX, 1, 0);
  put_return(out, told(filter_judge(code, count, &x32).action, FILTER_ENFORCED));
#endif
}

/* Our own last calls: installing the second program and handing over the listener. sendmmsg and seccomp have four and three arguments, so
 * nobody but us says anything in the last two. */
static void put_gate(struct filter_out *out, const struct filter_key *key) {
  put_load(out, offsetof(struct seccomp_data, nr));
  put_jump(out, BPF_JEQ, SYS_sendmmsg, 1, 0);
  put_jump(out, BPF_JEQ, SYS_seccomp, 0, 9);
  for (uint8_t half = 0; half < 4; half++) {
    put_load(out, argument_half(8U + half));
    put_jump(out, BPF_JEQ, key->half[half], 0, (uint8_t)(7 - 2 * half));
  }
  put_return(out, SECCOMP_RET_ALLOW);
}

/* A listener of the job's own could let through what ours refuses: of two filters that ask, the newer one's listener is asked
 * (kernel/seccomp.c, seccomp_run_filters). The kernel gives one listener a process; this holds when ours is gone as well. */
static void put_no_listener(struct filter_out *out) {
  put_load(out, offsetof(struct seccomp_data, nr));
  put_jump(out, BPF_JEQ, SYS_seccomp, 0, 3);
  put_load(out, argument_half(2));
  put_jump(out, BPF_JSET, SECCOMP_FILTER_FLAG_NEW_LISTENER, 0, 1);
  put_return(out, SECCOMP_RET_ERRNO | EPERM);
}

/* The C library tries clone3 before each clone. If it is refused whatever its arguments, then without a word. */
static void put_quiet(struct filter_out *out, const struct sock_filter *code, unsigned count) {
  const struct seccomp_data clone3 = {.arch = NATIVE_ARCHITECTURE, .nr = SYS_clone3};
  const struct filter_verdict verdict = filter_judge(code, count, &clone3);
  if (verdict.looked != 0 || (verdict.action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
    return;
  put_load(out, offsetof(struct seccomp_data, nr));
  put_jump(out, BPF_JEQ, SYS_clone3, 0, 1);
  put_return(out, verdict.action);
}

int filter_telling(const struct sock_filter *code, unsigned count, enum filter_use use, const struct filter_key *key, struct filter_out *out) {
  if (!filter_is_known(code, count))
    return -EINVAL;
  if (count > FILTER_INSTRUCTIONS_MAX - FILTER_FRONT_MAX)
    return -E2BIG;
  out->count = 0;
  if (use == FILTER_ENFORCED)
    put_doors(out, code, count);
  put_gate(out, key);
  put_no_listener(out);
  if (use == FILTER_ENFORCED)
    put_quiet(out, code, count);
  for (unsigned at = 0; at < count; at++) {
    struct sock_filter instruction = code[at];
    if (instruction.code == (BPF_RET | BPF_K))
      instruction.k = told(instruction.k, use);
    put(out, instruction);
  }
  return 0;
}
