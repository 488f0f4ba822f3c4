/* What a conditional jump of classic BPF compares, for the two places that follow a seccomp program by hand: the addon, which checks what it
 * has compiled, and the launcher, which says why a call was refused. */
#ifndef BPF_JUMP_H
#define BPF_JUMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

static inline bool bpf_jump_taken(const struct sock_filter *instruction, uint32_t accumulator) {
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

#endif
