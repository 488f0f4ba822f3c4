/* verify.c: asks the program, the rules and libseccomp's own programs the same questions. Written to be obviously
 * right, not fast: a profile is compiled once. */
#include "verify.h"

#include "interpret.h"
#include "layer.h"

#include <linux/audit.h>
#include <stdbool.h>
#include <string.h>

#define X32_BIT 0x40000000u
/* All a request can name, and some above. */
#define NUMBERS_CHECKED (REQUEST_CALL_MAX + 8)
#define NO_RULE UINT32_MAX

struct subject {
  const struct request *request;
  const struct program *trees;
  const struct program *program;
  uint32_t first[REQUEST_CALL_MAX + 1]; /* the first rule of each call, or NO_RULE */
  uint32_t next[REQUEST_RULES_MAX];     /* the next one on the same call, in the request's order */
};

static void index_rules(struct subject *subject) {
  for (uint32_t call = 0; call <= REQUEST_CALL_MAX; call++) {
    subject->first[call] = NO_RULE;
  }
  for (uint32_t i = subject->request->header.rule_count; i-- > 0;) {
    const int32_t call = subject->request->rules[i].call;
    subject->next[i] = subject->first[call];
    subject->first[call] = i;
  }
}

static uint32_t first_rule(const struct subject *subject, const struct seccomp_data *data) {
  return (uint32_t)data->nr <= REQUEST_CALL_MAX ? subject->first[data->nr] : NO_RULE;
}

static bool compare_holds(const struct request_compare *compare, const uint64_t *arguments) {
  const uint64_t actual = arguments[compare->index] & compare->mask;
  switch (compare->operator) {
  case REQUEST_NE:
    return actual != compare->value;
  case REQUEST_LT:
    return actual < compare->value;
  case REQUEST_LE:
    return actual <= compare->value;
  case REQUEST_EQ:
    return actual == compare->value;
  case REQUEST_GE:
    return actual >= compare->value;
  default:
    return actual > compare->value;
  }
}

static bool rule_matches(const struct request_rule *rule, const struct seccomp_data *data) {
  if (rule->call != data->nr) {
    return false;
  }
  for (uint32_t i = 0; i < rule->compare_count; i++) {
    if (!compare_holds(&rule->compares[i], (const uint64_t *)data->args)) {
      return false;
    }
  }
  return true;
}

/* The first layer decides; within it rules with compares come first, then those without. */
static uint32_t rules_answer(const struct subject *subject, const struct seccomp_data *data) {
  const struct request *request = subject->request;
  uint32_t best = UINT32_MAX;
  uint32_t action = request->layers[request->header.layer_count - 1].default_action;
  for (uint32_t i = first_rule(subject, data); i != NO_RULE; i = subject->next[i]) {
    const struct request_rule *rule = &request->rules[i];
    const uint32_t place = rule->layer * 2 + (rule->compare_count > 0 ? 0 : 1);
    if (place < best && rule_matches(rule, data)) {
      best = place;
      action = rule->action;
    }
  }
  return action;
}

static bool is_foreign(const struct request *request, const struct seccomp_data *data) {
  const uint32_t number = (uint32_t)data->nr;
  return data->arch != request->header.architecture ||
         (data->arch == AUDIT_ARCH_X86_64 && number >= X32_BIT && number != UINT32_MAX);
}

/* What our own rules say, without libseccomp. */
static uint32_t expected(const struct subject *subject, const struct seccomp_data *data) {
  return is_foreign(subject->request, data) ? SECCOMP_RET_KILL_PROCESS
                                            : rules_answer(subject, data);
}

/* The first rule with compares of this layer that matches, or LAYER_CONTINUES. */
static uint32_t compares_answer(const struct subject *subject, uint32_t layer,
                                const struct seccomp_data *data) {
  for (uint32_t i = first_rule(subject, data); i != NO_RULE; i = subject->next[i]) {
    const struct request_rule *rule = &subject->request->rules[i];
    if (rule->layer == layer && rule->compare_count > 0 && rule_matches(rule, data)) {
      return rule->action;
    }
  }
  return LAYER_CONTINUES;
}

/* What libseccomp's programs say: all of it but the compares, foreign calls included. */
static uint32_t library_answer(const struct subject *subject, const struct seccomp_data *data) {
  const struct request *request = subject->request;
  uint32_t action = LAYER_CONTINUES;
  for (uint32_t i = 0; action == LAYER_CONTINUES && i < request->header.layer_count; i++) {
    if (data->arch == request->header.architecture) {
      action = compares_answer(subject, i, data);
    }
    if (action == LAYER_CONTINUES) {
      action = layer_answer(&subject->trees[i], data);
    }
  }
  return action;
}

static bool agrees(const struct subject *subject, const struct seccomp_data *data) {
  const uint32_t answer = interpret(subject->program, data);
  return answer == expected(subject, data) && answer == library_answer(subject, data);
}

static struct seccomp_data data_for(const struct request *request, int call, uint64_t fill) {
  struct seccomp_data data;
  memset(&data, 0, sizeof(data));
  data.nr = call;
  data.arch = request->header.architecture;
  for (size_t i = 0; i < REQUEST_ARGUMENTS; i++) {
    data.args[i] = fill;
  }
  return data;
}

static void set_arguments(struct seccomp_data *data, const struct request_rule *rule) {
  for (uint32_t i = 0; i < rule->compare_count; i++) {
    data->args[rule->compares[i].index] = rule->compares[i].value;
  }
}

/* `data`, and `data` with an argument of the rule off by a little in each of several ways. */
static bool near_agrees(const struct subject *subject, const struct request_rule *rule,
                        const struct seccomp_data *data) {
  bool same = agrees(subject, data);
  for (uint32_t i = 0; same && i < rule->compare_count; i++) {
    const uint64_t value = rule->compares[i].value;
    const uint64_t near[] = {value,
                             value + 1,
                             value - 1,
                             value | (1ull << 40),
                             value ^ (1ull << 31),
                             value ^ (1ull << 32),
                             value - (1ull << 32),
                             value | ~rule->compares[i].mask,
                             ~value,
                             0,
                             1};
    for (size_t n = 0; same && n < sizeof(near) / sizeof(near[0]); n++) {
      struct seccomp_data other = *data;
      other.args[rule->compares[i].index] = near[n];
      same = agrees(subject, &other);
    }
  }
  return same;
}

/* The arguments a rule names, and what is near them. */
static bool rule_agrees(const struct subject *subject, uint32_t index) {
  static const uint64_t fills[] = {0, UINT64_MAX, 1, 1ull << 32};
  const struct request_rule *rule = &subject->request->rules[index];
  bool same = true;
  for (size_t i = 0; same && i < sizeof(fills) / sizeof(fills[0]); i++) {
    struct seccomp_data data = data_for(subject->request, rule->call, fills[i]);
    set_arguments(&data, rule);
    same = near_agrees(subject, rule, &data);
  }
  return same;
}

/* A rule's arguments with those of the next on the same call on top, and what is near either: so the next one
 * is come to also by way of a rule that failed late. */
static bool pair_agrees(const struct subject *subject, uint32_t index) {
  const struct request_rule *rule = &subject->request->rules[index];
  if (subject->next[index] == NO_RULE) {
    return true;
  }
  const struct request_rule *next = &subject->request->rules[subject->next[index]];
  struct seccomp_data data = data_for(subject->request, rule->call, 0);
  set_arguments(&data, rule);
  set_arguments(&data, next);
  return near_agrees(subject, rule, &data) && near_agrees(subject, next, &data);
}

static bool rules_agree(const struct subject *subject, int64_t *wrong) {
  for (uint32_t i = 0; i < subject->request->header.rule_count; i++) {
    *wrong = subject->request->rules[i].call;
    if (!rule_agrees(subject, i) || !pair_agrees(subject, i)) {
      return false;
    }
  }
  return true;
}

static bool number_agrees(const struct subject *subject, uint32_t number) {
  static const uint32_t foreign[] = {0, AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_X86_64,
                                     AUDIT_ARCH_AARCH64};
  struct seccomp_data data = data_for(subject->request, (int)number, 0);
  struct seccomp_data full = data_for(subject->request, (int)number, UINT64_MAX);
  bool same = agrees(subject, &data) && agrees(subject, &full);
  for (size_t i = 0; same && i < sizeof(foreign) / sizeof(foreign[0]); i++) {
    data.arch = foreign[i];
    same = agrees(subject, &data);
  }
  return same;
}

/* Each number, its x32 form, the same with the sign bit; then the ends of what 32 bits hold. */
static bool numbers_agree(const struct subject *subject, int64_t *wrong) {
  static const uint32_t apart[] = {0x10000u,    X32_BIT - 1, X32_BIT,        0x7fffffffu,
                                   0x80000000u, 0xfffff000u, UINT32_MAX - 1, UINT32_MAX};
  static const uint32_t bits[] = {0, X32_BIT, 0x80000000u};
  for (uint32_t number = 0; number < NUMBERS_CHECKED; number++) {
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
      *wrong = bits[i] | number;
      if (!number_agrees(subject, bits[i] | number)) {
        return false;
      }
    }
  }
  for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
    *wrong = apart[i];
    if (!number_agrees(subject, apart[i])) {
      return false;
    }
  }
  return true;
}

int64_t verify_program(const struct request *request, const struct program *trees,
                       const struct program *program) {
  static _Thread_local struct subject subject;
  int64_t wrong = -1;
  subject.request = request;
  subject.trees = trees;
  subject.program = program;
  index_rules(&subject);
  return numbers_agree(&subject, &wrong) && rules_agree(&subject, &wrong) ? -1 : wrong;
}
