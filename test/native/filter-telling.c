/* filter-telling PROGRAM: a job's filter and its three rewritten forms, call by call, by the launcher's own judge. Prints how many calls
 * were compared, or the first that differs and exits with 1. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "../../native/launcher/filter_program.h"
#include "../../native/launcher/native_architecture.h"

enum { NUMBERS = 700, DRAWS = 64 };

static const struct filter_key key = {{0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210}};
static struct sock_filter code[FILTER_INSTRUCTIONS_MAX];
static unsigned count;
static struct filter_out out[3];
static unsigned long compared;

/* What filters look at: small numbers, flags, values with high bits. Always the same draws (Knuth's MMIX constants). */
static uint64_t draw(void) {
  static const uint64_t values[] = {0, 1, 2, 3, 8, 10, 16, 17, 38, 47, 0x5412, 0x541c, 0x7e020000, 0x10000000, 0xffffffff, 0x100000001, ~0ULL};
  static uint64_t state = 1;
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return values[(state >> 33) % (sizeof values / sizeof *values)];
}

static bool is_native(const struct seccomp_data *data) {
  return data->arch == NATIVE_ARCHITECTURE && ((unsigned)data->nr < X32_BIT || data->nr == -1);
}

static bool has_key(const struct seccomp_data *data) {
  return (data->nr == SYS_seccomp || data->nr == SYS_sendmmsg) && memcmp(&data->args[4], &key, sizeof key) == 0;
}

static uint32_t wanted(const struct seccomp_data *data, enum filter_use use) {
  const struct filter_verdict verdict = filter_judge(code, count, data);
  const uint32_t kind = verdict.action & SECCOMP_RET_ACTION_FULL;
  if (!is_native(data) && use == FILTER_ENFORCED)
    return filter_refuses(verdict.action) && kind != SECCOMP_RET_TRAP ? SECCOMP_RET_USER_NOTIF : verdict.action;
  if (has_key(data))
    return SECCOMP_RET_ALLOW;
  if (data->nr == SYS_seccomp && (data->args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER))
    return SECCOMP_RET_ERRNO | EPERM;
  if (use == FILTER_BENEATH || !filter_refuses(verdict.action))
    return verdict.action;
  if (use == FILTER_OBSERVING)
    return SECCOMP_RET_USER_NOTIF;
  return kind == SECCOMP_RET_TRAP || (data->nr == SYS_clone3 && verdict.looked == 0 && kind == SECCOMP_RET_ERRNO) ? verdict.action
                                                                                                                      : SECCOMP_RET_USER_NOTIF;
}

static int compare(const struct seccomp_data *data) {
  for (unsigned use = FILTER_ENFORCED; use <= FILTER_OBSERVING; use++) {
    const uint32_t got = filter_judge(out[use].code, out[use].count, data).action;
    compared++;
    if (got == wanted(data, use))
      continue;
    printf("use %u, call %d: %x, not %x\n", use, data->nr, got, wanted(data, use));
    return 1;
  }
  return 0;
}

static int compare_number(int number, uint32_t architecture) {
  struct seccomp_data data = {.nr = number, .arch = architecture};
  for (unsigned at = 0; at < DRAWS; at++) {
    for (unsigned index = 0; index < FILTER_ARGUMENTS; index++)
      data.args[index] = draw();
    if (compare(&data) != 0)
      return 1;
  }
  memcpy(&data.args[4], &key, sizeof key);
  if (compare(&data) != 0)
    return 1;
  data.args[5] ^= 1ULL << 63; /* one bit of the key is not the key */
  return compare(&data);
}

int main(int words, char **word) {
  FILE *file = words == 2 ? fopen(word[1], "rb") : NULL;
  if (file == NULL)
    return 2;
  count = (unsigned)fread(code, sizeof *code, FILTER_INSTRUCTIONS_MAX, file);
  fclose(file);
  for (unsigned use = FILTER_ENFORCED; use <= FILTER_OBSERVING; use++)
    if (filter_telling(code, count, use, &key, &out[use]) != 0)
      return 3;
  for (int number = -1; number < NUMBERS; number++)
    if (compare_number(number, NATIVE_ARCHITECTURE) != 0 || compare_number(number | (int)X32_BIT, NATIVE_ARCHITECTURE) != 0 ||
        compare_number(number, 0x40000003) != 0)
      return 1;
  printf("%lu\n", compared);
  return 0;
}
