/* program.h: a growing classic BPF program, bounded as the kernel bounds it. */
#ifndef STOCKADE_ADDON_PROGRAM_H
#define STOCKADE_ADDON_PROGRAM_H

#include <linux/filter.h>
#include <stddef.h>

/* The kernel's BPF_MAXINSNS. */
#define PROGRAM_INSTRUCTIONS_MAX 4096u

struct program {
  struct sock_filter instructions[PROGRAM_INSTRUCTIONS_MAX];
  size_t count;
};

/* Returns 0, or -E2BIG with nothing appended. */
int program_append(struct program *program, const struct sock_filter *instructions, size_t count);

#endif
