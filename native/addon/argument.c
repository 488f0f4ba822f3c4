/* argument.c: compares of 64-bit arguments in 32-bit halves, written backwards (emitter.h): what comes after a
 * compare is written, and handed to it, before the compare itself. */
#include "argument.h"

#include <linux/seccomp.h>

/* What one compare leads to. */
struct ways {
  struct argument_entry holds;
  struct argument_entry fails;
};

/* One half of an argument. */
struct word {
  uint32_t offset;
  uint32_t mask;
  uint32_t value;
};

struct argument_entry argument_anywhere(label at) {
  return (struct argument_entry){.at = at, .wants_word = false, .offset = 0, .mask = 0};
}

label argument_enter(struct emitter *emitter, struct argument_entry entry) {
  return entry.wants_word ? emitter_load(emitter, entry.offset, entry.mask, entry.at) : entry.at;
}

/* From a compare of `word`, which therefore is in the accumulator, to `entry`. */
static label enter_with(struct emitter *emitter, const struct word *word,
                        struct argument_entry entry) {
  const bool is_there =
      entry.wants_word && entry.offset == word->offset && entry.mask == word->mask;
  return is_there ? entry.at : argument_enter(emitter, entry);
}

static struct argument_entry compare_word(struct emitter *emitter, uint16_t operator,
                                          const struct word *word, struct ways ways) {
  const label fails = enter_with(emitter, word, ways.fails);
  const label holds = enter_with(emitter, word, ways.holds);
  if (holds == fails) {
    return ways.fails;
  }
  return (struct argument_entry){
      .at = emitter_branch(emitter, operator, word->value, holds, fails),
      .wants_word = true,
      .offset = word->offset,
      .mask = word->mask,
  };
}

/* Little-endian: the low half of a 64-bit argument comes first (both our architectures). */
static struct word half_of(const struct request_compare *compare, bool high) {
  const unsigned int shift = high ? 32u : 0u;
  return (struct word){
      .offset = (uint32_t)offsetof(struct seccomp_data, args) + compare->index * 8u + shift / 8u,
      .mask = (uint32_t)(compare->mask >> shift),
      .value = (uint32_t)(compare->value >> shift),
  };
}

/* A half of which no bit is kept is 0, and needs no look when 0 is what it is compared with. */
static bool is_void(const struct word *word) {
  return word->mask == 0 && word->value == 0;
}

/* Equal: both halves must be. */
static struct argument_entry emit_equal(struct emitter *emitter,
                                        const struct request_compare *compare, struct ways ways) {
  for (int high = 0; high <= 1; high++) {
    const struct word word = half_of(compare, high != 0);
    if (!is_void(&word)) {
      ways.holds = compare_word(emitter, BPF_JEQ, &word, ways);
    }
  }
  return ways.holds;
}

static struct ways swapped(struct ways ways) {
  return (struct ways){.holds = ways.fails, .fails = ways.holds};
}

/* The low half decides, the high ones being equal. */
static struct argument_entry emit_low(struct emitter *emitter, enum request_operator operator,
                                      const struct word *low, struct ways ways) {
  switch (operator) {
  case REQUEST_GT:
    return compare_word(emitter, BPF_JGT, low, ways);
  case REQUEST_GE:
    return compare_word(emitter, BPF_JGE, low, ways);
  case REQUEST_LT:
    return compare_word(emitter, BPF_JGE, low, swapped(ways));
  case REQUEST_LE:
    return compare_word(emitter, BPF_JGT, low, swapped(ways));
  default: /* REQUEST_NE */
    return compare_word(emitter, BPF_JEQ, low, swapped(ways));
  }
}

/* The rest: decided by the high half unless that is equal, then by the low half. */
static struct argument_entry emit_order(struct emitter *emitter,
                                        const struct request_compare *compare, struct ways ways) {
  const enum request_operator operator = (enum request_operator)compare->operator;
  const struct word low = half_of(compare, false);
  const struct word high = half_of(compare, true);
  const struct argument_entry by_low = emit_low(emitter, operator, &low, ways);
  if (is_void(&high)) {
    return by_low;
  }
  const bool upward = operator == REQUEST_GT || operator == REQUEST_GE;
  const struct argument_entry above = upward || operator == REQUEST_NE ? ways.holds : ways.fails;
  const struct argument_entry below = upward ? ways.fails : ways.holds;
  const struct argument_entry not_above =
      compare_word(emitter, BPF_JEQ, &high, (struct ways){.holds = by_low, .fails = below});
  if (operator == REQUEST_NE) {
    return not_above;
  }
  return compare_word(emitter, BPF_JGT, &high,
                      (struct ways){.holds = above, .fails = not_above});
}

struct argument_entry argument_emit_rule(struct emitter *emitter, const struct request_rule *rule,
                                         struct argument_entry otherwise) {
  struct ways ways = {
      .holds = argument_anywhere(emitter_return(emitter, rule->action)),
      .fails = otherwise,
  };
  if (rule->compare_count > 1) {
    /* Some of them will need the load: written now, it stands right before what it is for. */
    ways.fails = argument_anywhere(argument_enter(emitter, otherwise));
  }
  for (uint32_t i = rule->compare_count; i-- > 0;) {
    const struct request_compare *compare = &rule->compares[i];
    ways.holds = compare->operator == REQUEST_EQ ? emit_equal(emitter, compare, ways)
                                                 : emit_order(emitter, compare, ways);
  }
  return ways.holds;
}
