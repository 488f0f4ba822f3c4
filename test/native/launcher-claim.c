/* Claims about accepted plans. */
#include "launcher-claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM(what) claim((what), #what)

static void claim(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "accepted, but not: %s\n", what);
  abort();
}

static bool is_within(uint64_t value, uint64_t minimum, uint64_t maximum) { return value >= minimum && value <= maximum; }

/* Letters and digits of ASCII, and these others. */
static bool is_made_of(const char *text, bool upper, const char *others) {
  for (; *text != '\0'; text++) {
    bool letter = (*text >= 'a' && *text <= 'z') || (upper && *text >= 'A' && *text <= 'Z');
    if (!letter && !(*text >= '0' && *text <= '9') && strchr(others, *text) == NULL)
      return false;
  }
  return true;
}

/* By what could go wrong with a path, not by its components. */
static bool is_clean(const char *path) {
  char framed[PLAN_PATH_MAX + 3];
  snprintf(framed, sizeof framed, "/%s/", path);
  return strstr(framed, "//") == NULL && strstr(framed, "/./") == NULL && strstr(framed, "/../") == NULL;
}

void claim_sandbox(const struct sandbox_plan *plan) {
  CLAIM(is_within(strnlen(plan->id, sizeof plan->id), 1, 64) && is_made_of(plan->id, true, "_-"));
  CLAIM(strnlen(plan->image, sizeof plan->image) == 64 && strspn(plan->image, "0123456789abcdef") == 64);
  CLAIM(is_within(strnlen(plan->hostname, sizeof plan->hostname), 1, 63) && is_made_of(plan->hostname, false, "-"));
  CLAIM(strnlen(plan->workspace, sizeof plan->workspace) < sizeof plan->workspace);
  CLAIM(plan->workspace[0] == '/' && plan->workspace[1] != '\0' && is_clean(plan->workspace + 1));
  CLAIM(strnlen(plan->apparmor, sizeof plan->apparmor) < sizeof plan->apparmor && is_made_of(plan->apparmor, true, "._/@{}:&-"));
  CLAIM(plan->uid < 65534 && plan->gid < 65534);
  CLAIM(is_within(plan->memory_bytes, 1048576, 9007199254740991) && is_within(plan->disk_bytes, 65536, 9007199254740991));
  CLAIM(is_within(plan->disk_inodes, 16, 9007199254740991) && is_within(plan->processes, 1, 9007199254740991));
  CLAIM(is_within(plan->cpu_millis, 10, 4096000) && is_within(plan->landlock_abi_minimum, 0, 1000));
  /* The supervisor adds them to a clock. */
  CLAIM(is_within(plan->lifetime_ms, 1, UINT64_MAX / 2000000));
}

static void claim_list(char *const *list, unsigned count, unsigned most, const struct step_plan *plan) {
  CLAIM(count <= most && list[count] == NULL);
  for (unsigned at = 0; at < count; at++) {
    CLAIM(list[at] >= plan->text && list[at] < plan->text + sizeof plan->text);
    size_t room = (size_t)(plan->text + sizeof plan->text - list[at]);
    CLAIM(strnlen(list[at], room) < room);
  }
}

/* A COLLECT is a step whose program is ours. */
static void claim_collect(const struct step_plan *plan) {
  const struct collect_plan *collect = &plan->collect;
  CLAIM(strnlen(collect->root, sizeof collect->root) < sizeof collect->root && collect->root[0] == '/');
  CLAIM(collect->root[1] == '\0' || is_clean(collect->root + 1));
  CLAIM(is_within(collect->depth, 1, 64) && is_within(collect->entries, 1, (uint64_t)1 << 32));
  CLAIM(plan->processes == 1 && !plan->stdin_stream && plan->environment_count == 0);
  for (unsigned at = 0; at < plan->argument_count; at++) {
    CLAIM(is_within(strlen(plan->argument[at]), 1, PLAN_PATH_MAX) && plan->argument[at][0] != '/');
    CLAIM(is_clean(plan->argument[at]));
  }
}

void claim_step(const struct step_plan *plan) {
  CLAIM(is_within(strnlen(plan->name, sizeof plan->name), 1, 64) && is_made_of(plan->name, false, "-"));
  CLAIM(strnlen(plan->directory, sizeof plan->directory) < sizeof plan->directory && plan->directory[0] == '/');
  CLAIM(plan->directory[1] == '\0' || is_clean(plan->directory + 1));
  CLAIM(is_within(plan->wall_ms, 1, UINT64_MAX / 2000000) && is_within(plan->cpu_ms, 1, UINT64_MAX / 2000000));
  CLAIM(is_within(plan->memory_bytes, 1048576, 9007199254740991) && is_within(plan->processes, 1, 9007199254740991));
  CLAIM(is_within(plan->open_files, 1, 9007199254740991) && is_within(plan->file_bytes, 1, 9007199254740991));
  CLAIM(is_within(plan->stack_bytes, 65536, 9007199254740991) && plan->output_bytes <= 9007199254740991);
  claim_list(plan->argument, plan->argument_count, PLAN_ARGUMENT_MAX, plan);
  claim_list(plan->environment, plan->environment_count, PLAN_ENVIRONMENT_MAX, plan);
  if (plan->collect.asked) {
    claim_collect(plan);
    return;
  }
  CLAIM(plan->argument_count > 0 && plan->argument[0][0] != '\0');
  for (unsigned at = 0; at < plan->environment_count; at++)
    CLAIM(strchr(plan->environment[at] + 1, '=') != NULL && plan->environment[at][0] != '=');
}

void claim_file(const struct file_plan *plan) {
  CLAIM(plan->mode <= 0777 && plan->size <= 9007199254740991);
  CLAIM(is_within(strnlen(plan->path, sizeof plan->path), 1, PLAN_PATH_MAX) && plan->path[0] != '/' && is_clean(plan->path));
}
