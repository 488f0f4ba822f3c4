/* Calls that differ in nothing that the filter looked at are one entry. */
#include "refusal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ENTRY_BYTES = 512, TAIL_BYTES = 64 };

static uint64_t seen_of(uint64_t argument, uint32_t looked, unsigned index) {
  uint64_t low = looked >> (2 * index) & 1 ? UINT32_MAX : 0;
  uint64_t high = looked >> (2 * index + 1) & 1 ? (uint64_t)UINT32_MAX << 32 : 0;
  return argument & (low | high);
}

static bool is_same(const struct refusal *one, const struct refusal *other) {
  return one->architecture == other->architecture && one->number == other->number && one->verdict.action == other->verdict.action && one->verdict.looked == other->verdict.looked &&
         memcmp(one->argument, other->argument, sizeof one->argument) == 0;
}

void refusal_note(struct refusals *refusals, unsigned room, const struct seccomp_data *data, struct filter_verdict verdict, uint64_t at_us) {
  struct refusal wanted = {.verdict = verdict, .architecture = data->arch, .number = (uint32_t)data->nr, .count = 1, .first_us = at_us};
  for (unsigned index = 0; index < FILTER_ARGUMENTS; index++)
    wanted.argument[index] = seen_of(data->args[index], verdict.looked, index);
  for (unsigned at = 0; at < refusals->count; at++)
    if (is_same(&refusals->list[at], &wanted)) {
      refusals->list[at].count++;
      return;
    }
  if (refusals->count < room && refusals->count < REFUSALS_OBSERVED)
    refusals->list[refusals->count++] = wanted;
  else
    refusals->not_listed++;
}

static const char *answer_of(uint32_t action) {
  switch (action & SECCOMP_RET_ACTION_FULL) {
  case SECCOMP_RET_ERRNO:
    return "errno";
  case SECCOMP_RET_TRAP:
    return "trap";
  default:
    return "kill";
  }
}

static size_t print_arguments(const struct refusal *refusal, char *json, size_t size) {
  size_t length = 0;
  for (unsigned index = 0; index < FILTER_ARGUMENTS; index++)
    if (refusal->verdict.looked >> (2 * index) & 3)
      length += (size_t)snprintf(json + length, size - length, "%s{\"index\":%u,\"value\":\"%" PRIx64 "\"}", length == 0 ? "" : ",", index, refusal->argument[index]);
  return length;
}

/* At most ENTRY_BYTES: six arguments of 35 characters, four numbers of 20. */
static size_t print_entry(const struct refusal *refusal, char *json) {
  char arguments[256] = "";
  (void)print_arguments(refusal, arguments, sizeof arguments);
  const uint32_t action = refusal->verdict.action;
  const unsigned error = (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ? action & SECCOMP_RET_DATA : 0;
  int length = snprintf(json, ENTRY_BYTES, "{\"architecture\":%u,\"number\":%u,\"answer\":\"%s\",\"errno\":%u,\"count\":%" PRIu64 ",\"firstUs\":%" PRIu64 ",\"arguments\":[%s]}",
                        refusal->architecture, refusal->number, answer_of(action), error, refusal->count, refusal->first_us, arguments);
  return (size_t)length;
}

size_t refusal_print(const struct refusals *refusals, bool observed, char *json, size_t size) {
  uint64_t not_listed = refusals->not_listed;
  size_t length = (size_t)snprintf(json, size, "{\"observed\":%s,\"calls\":[", observed ? "true" : "false");
  for (unsigned at = 0; at < refusals->count; at++) {
    char entry[ENTRY_BYTES];
    size_t more = print_entry(&refusals->list[at], entry);
    if (length + more + 1 > size - TAIL_BYTES) {
      not_listed += refusals->list[at].count;
      continue;
    }
    if (at > 0)
      json[length++] = ',';
    memcpy(json + length, entry, more);
    length += more;
  }
  return length + (size_t)snprintf(json + length, size - length, "],\"notListed\":%" PRIu64 "}", not_listed);
}
