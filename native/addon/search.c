/* search.c: a binary search over intervals of numbers that have the same fate.
 *
 * At each attach the kernel compiles the program and walks it once for every number (seccomp_cache_prepare in
 * kernel/seccomp.c), so both its length and the depth of the search are paid for by every sandbox. The search
 * splits by the count of numbers, not of intervals: wide intervals end high up. */
#include "search.h"

#include "argument.h"
#include "layer.h"

#include <linux/audit.h>
#include <string.h>

#define X32_BIT 0x40000000u
/* Those of a request, and one that stands for all above. */
#define NUMBERS (REQUEST_CALL_MAX + 2u)
/* Where the kernel's walk ends, roughly: NR_syscalls is near 470. What is above has no weight in the search. */
#define NUMBERS_WALKED 480u
#define ISLANDS_MAX 2u

/* A single number with another fate than its neighbours on both sides. */
struct island {
  uint32_t number;
  label fate;
};

/* The numbers from `first` to the next leaf's. */
struct leaf {
  uint32_t first;
  uint32_t island_count;
  struct island islands[ISLANDS_MAX];
  label fate; /* of all but the islands */
};

struct search {
  struct emitter *emitter;
  uint32_t leaf_count;
  label fates[NUMBERS];
  struct leaf leaves[NUMBERS + 1]; /* and the end */
};

/* The rules with compares on one call, in the order in which they are tried. */
struct chain {
  uint32_t count;
  const struct request_rule *rules[REQUEST_RULES_MAX];
};

static void collect(struct chain *chain, const struct request *request, uint32_t number) {
  chain->count = 0;
  for (uint32_t i = 0; i < request->header.rule_count; i++) {
    const struct request_rule *rule = &request->rules[i];
    if ((uint32_t)rule->call == number && rule->compare_count > 0) {
      chain->rules[chain->count++] = rule;
    }
  }
}

/* The first layer whose rules without compares decide, and how. The last one always does. */
static uint32_t decide(const struct request *request, const struct program *trees,
                       uint32_t number, uint32_t *action) {
  const uint32_t last = request->header.layer_count - 1;
  struct seccomp_data data;
  memset(&data, 0, sizeof(data));
  data.nr = (int)number;
  data.arch = request->header.architecture;
  for (uint32_t layer = 0; layer < last; layer++) {
    *action = layer_answer(&trees[layer], &data);
    if (*action != LAYER_CONTINUES) {
      return layer;
    }
  }
  *action = layer_answer(&trees[last], &data);
  return last;
}

/* Backwards: first what happens when no compare holds, then the rules from the last to the first. */
static label emit_fate(struct emitter *emitter, const struct request *request,
                       const struct program *trees, const struct chain *chain, uint32_t number) {
  uint32_t action = 0;
  const uint32_t deciding = decide(request, trees, number, &action);
  struct argument_entry entry = argument_anywhere(emitter_return(emitter, action));
  if (chain->count == 0) {
    return entry.at;
  }
  for (uint32_t layer = deciding + 1; layer-- > 0;) {
    for (uint32_t i = chain->count; i-- > 0;) {
      if (chain->rules[i]->layer == layer) {
        entry = argument_emit_rule(emitter, chain->rules[i], entry);
      }
    }
  }
  return argument_enter(emitter, entry);
}

static void emit_fates(struct search *search, const struct request *request,
                       const struct program *trees) {
  static _Thread_local struct chain chain;
  for (uint32_t number = 0; number < NUMBERS && !search->emitter->overflowed; number++) {
    collect(&chain, request, number);
    search->fates[number] = emit_fate(search->emitter, request, trees, &chain, number);
  }
}

static bool is_island(const label *fates, uint32_t number, label around) {
  return number + 1 < NUMBERS && fates[number] != around && fates[number + 1] == around;
}

static void list_leaves(struct search *search) {
  uint32_t number = 0;
  search->leaf_count = 0;
  while (number < NUMBERS) {
    struct leaf *leaf = &search->leaves[search->leaf_count++];
    *leaf = (struct leaf){.first = number, .island_count = 0, .fate = search->fates[number]};
    while (number < NUMBERS) {
      if (leaf->island_count < ISLANDS_MAX && is_island(search->fates, number, leaf->fate)) {
        leaf->islands[leaf->island_count++] =
            (struct island){.number = number, .fate = search->fates[number]};
      } else if (search->fates[number] != leaf->fate) {
        break;
      }
      number++;
    }
  }
  search->leaves[search->leaf_count].first = NUMBERS;
}

static uint32_t walked_before(const struct search *search, uint32_t leaf) {
  const uint32_t first = search->leaves[leaf].first;
  return first < NUMBERS_WALKED ? first : NUMBERS_WALKED;
}

/* The leaf in ]from, to[ that has most nearly as many numbers before it as behind. */
static uint32_t middle(const struct search *search, uint32_t from, uint32_t to) {
  const uint32_t sum = walked_before(search, from) + walked_before(search, to);
  uint32_t best = from + (to - from) / 2;
  uint32_t best_distance = UINT32_MAX;
  if (walked_before(search, from) == walked_before(search, to)) {
    return best;
  }
  for (uint32_t leaf = from + 1; leaf < to; leaf++) {
    const uint32_t twice = 2 * walked_before(search, leaf);
    const uint32_t distance = twice > sum ? twice - sum : sum - twice;
    if (distance < best_distance) {
      best = leaf;
      best_distance = distance;
    }
  }
  return best;
}

static label emit_leaf(struct emitter *emitter, const struct leaf *leaf) {
  label at = leaf->fate;
  for (uint32_t i = 0; i < leaf->island_count; i++) {
    at = emitter_branch(emitter, BPF_JEQ, leaf->islands[i].number, leaf->islands[i].fate, at);
  }
  return at;
}

/* The leaves from `from` to before `to`. The lower half is written last, so that it comes right behind. */
static label emit_leaves(struct search *search, uint32_t from, uint32_t to) {
  if (to - from == 1) {
    return emit_leaf(search->emitter, &search->leaves[from]);
  }
  const uint32_t split = middle(search, from, to);
  const label upper = emit_leaves(search, split, to);
  const label lower = emit_leaves(search, from, split);
  return emitter_branch(search->emitter, BPF_JGE, search->leaves[split].first, upper, lower);
}

/* x32 shares x86_64's architecture value and sets a bit in the number. -1 is what a skipped call looks like. */
static label emit_x32_check(struct emitter *emitter, label next) {
  const label killed = emitter_return(emitter, SECCOMP_RET_KILL_PROCESS);
  const label skipped = emitter_branch(emitter, BPF_JEQ, UINT32_MAX, next, killed);
  return emitter_branch(emitter, BPF_JGE, X32_BIT, skipped, next);
}

static void emit_checks(struct emitter *emitter, uint32_t architecture, label next) {
  const label killed = emitter_return(emitter, SECCOMP_RET_KILL_PROCESS);
  const label checked =
      architecture == AUDIT_ARCH_X86_64 ? emit_x32_check(emitter, next) : next;
  const label known =
      emitter_load(emitter, offsetof(struct seccomp_data, nr), UINT32_MAX, checked);
  const label start = emitter_branch(emitter, BPF_JEQ, architecture, known, killed);
  (void)emitter_load(emitter, offsetof(struct seccomp_data, arch), UINT32_MAX, start);
}

void search_emit(struct emitter *emitter, const struct request *request,
                 const struct program *trees) {
  static _Thread_local struct search search;
  search.emitter = emitter;
  emit_fates(&search, request, trees);
  list_leaves(&search);
  emit_checks(emitter, request->header.architecture,
              emit_leaves(&search, 0, search.leaf_count));
}
