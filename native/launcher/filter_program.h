/* A job's filter as a program: what it says of a call, and the same program made to tell us of what it refuses. Pure functions. */
#ifndef FILTER_PROGRAM_H
#define FILTER_PROGRAM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

enum {
  FILTER_FRONT_MAX = 36, /* instructions that filter_telling puts in front */
  FILTER_ARGUMENTS = 6,
  FILTER_INSTRUCTIONS_MAX = BPF_MAXINSNS,
};

/* What a program answers to a call, and which of its arguments it looked at to say so: bit 2n is the low half of argument n, bit 2n + 1
 * the high half. A call that differs in nothing that was looked at gets the same answer. */
struct filter_verdict {
  uint32_t action;
  uint32_t looked;
};

/* What the launcher's own last calls behind the filter carry where the kernel reads no argument. 128 random bits, gone at exec. */
struct filter_key {
  uint32_t half[4];
};

/* Who judges a call that the program refuses. */
enum filter_use {
  FILTER_ENFORCED, /* the listener, which gives the program's own answer */
  FILTER_BENEATH,  /* the kernel, at once and for good; only our own last calls pass */
  FILTER_OBSERVING /* nobody: the listener notes it and lets the call go on to the programs beneath */
};

struct filter_out {
  unsigned count;
  struct sock_filter code[FILTER_INSTRUCTIONS_MAX];
};

/* Whether the program is made of what filter_judge understands, and ends. Nothing else is ever installed. */
bool filter_is_known(const struct sock_filter *code, unsigned count);

/* What a known program says of a call. A program that runs off its end kills. */
struct filter_verdict filter_judge(const struct sock_filter *code, unsigned count, const struct seccomp_data *data);

/* The program to install for a use. 0, -EINVAL for a program that is not known, -E2BIG for one that has no room in front. */
int filter_telling(const struct sock_filter *code, unsigned count, enum filter_use use, const struct filter_key *key, struct filter_out *out);

/* Whether an action ends or fails the call. */
bool filter_refuses(uint32_t action);

#endif
