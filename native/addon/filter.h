/* filter.h: resolved rules in, classic BPF (or its readable PFC form) out. Never installs anything, never forks. */
#ifndef STOCKADE_ADDON_FILTER_H
#define STOCKADE_ADDON_FILTER_H

#include "request.h"

#include <linux/filter.h>

/* The kernel's BPF_MAXINSNS. */
#define FILTER_INSTRUCTIONS_MAX 4096u

struct filter_error {
  int number;        /* errno, positive; 0 when none applies */
  const char *stage; /* fixed words */
  uint32_t index;    /* the layer or rule it happened at */
};

struct filter_program {
  struct sock_filter *instructions;
  size_t count;
};

/* Both return 0, or -1 with *error filled in and nothing to release. */
int filter_compile(const struct request *request, struct filter_program *program,
                   struct filter_error *error);
int filter_dump(const struct request *request, char **text, size_t *length,
                struct filter_error *error);

void filter_program_release(struct filter_program *program);

#endif
