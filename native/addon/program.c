/* program.c: the only place that writes into a program's array. */
#include "program.h"

#include <errno.h>
#include <string.h>

int program_append(struct program *program, const struct sock_filter *instructions, size_t count) {
  if (count > PROGRAM_INSTRUCTIONS_MAX - program->count) {
    return -E2BIG;
  }
  memcpy(program->instructions + program->count, instructions, count * sizeof(*instructions));
  program->count += count;
  return 0;
}
