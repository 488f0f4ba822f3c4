/* interpret.c: the part of classic BPF that seccomp programs of ours and of libseccomp's are written in. Written
 * to be obviously right, not fast. */
#include "interpret.h"

#include <string.h>

#include "../bpf_jump.h"

uint32_t interpret(const struct program *program, const struct seccomp_data *data) {
  uint32_t accumulator = 0;
  for (size_t at = 0; at < program->count; at++) {
    const struct sock_filter *instruction = &program->instructions[at];
    switch (instruction->code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (instruction->k > sizeof(*data) - sizeof(accumulator)) {
        return INTERPRET_NO_ANSWER;
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
        return INTERPRET_NO_ANSWER;
      }
      at += bpf_jump_taken(instruction, accumulator) ? instruction->jt : instruction->jf;
      break;
    }
  }
  return INTERPRET_NO_ANSWER;
}
