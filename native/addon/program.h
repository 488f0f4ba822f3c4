/* program.h: a growing classic BPF program, bounded as the kernel bounds it. */
#ifndef STOCKADE_ADDON_PROGRAM_H
#define STOCKADE_ADDON_PROGRAM_H

#include <linux/filter.h>
#include <stddef.h>

/* The kernel's BPF_MAXINSNS. */
/* BPF_MAXINSNS (4096) less what the launcher puts in front (native/launcher/filter_program.h, FILTER_FRONT_MAX). */
#define PROGRAM_INSTRUCTIONS_MAX 4060u

struct program {
  struct sock_filter instructions[PROGRAM_INSTRUCTIONS_MAX];
  size_t count;
};

/* Returns 0, or -E2BIG with nothing appended. */
int program_append(struct program *program, const struct sock_filter *instructions, size_t count);

#endif
