/* What is the same for both versions: opening the roots, emptying a slot. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup_file.h"

static const char *const controllers[CGROUP_CONTROLLERS] = {"memory", "pids", "cpu", "cpuacct"};

static int open_root(struct cgroup_roots *roots, unsigned controller, const char *path) {
  if (roots->root[controller] >= 0 || path[0] != '/' || strlen(path) >= sizeof roots->path[controller])
    return -EINVAL;
  int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (root < 0)
    return -errno;
  roots->root[controller] = root;
  snprintf(roots->path[controller], sizeof roots->path[controller], "%s", path);
  return 0;
}

static int open_named(struct cgroup_roots *roots, const char *name) {
  const char *colon = strchr(name, ':');
  if (colon == NULL)
    return -EINVAL;
  size_t length = (size_t)(colon - name);
  if (length == 2 && strncmp(name, "v2", 2) == 0) {
    roots->version = 2;
    return open_root(roots, CGROUP_MEMORY, colon + 1);
  }
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS; controller++)
    if (strlen(controllers[controller]) == length && strncmp(name, controllers[controller], length) == 0)
      return open_root(roots, controller, colon + 1);
  /* Others that set-up may delegate (freezer, cpuset, blkio) are not needed: a pid namespace dies as a whole. */
  return 0;
}

int cgroup_open(struct cgroup_roots *roots, char *const *names, unsigned count) {
  *roots = (struct cgroup_roots){.version = 1};
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS; controller++)
    roots->root[controller] = -1;
  for (unsigned at = 0; at < count; at++) {
    int result = open_named(roots, names[at]);
    if (result < 0)
      return result;
  }
  if (roots->version == 2)
    return count == 1 ? 0 : -EINVAL;
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS; controller++)
    if (roots->root[controller] < 0)
      return -EINVAL;
  return 0;
}

const struct cgroup_driver *cgroup_driver(const struct cgroup_roots *roots) {
  return roots->version == 2 ? &cgroup_v2 : &cgroup_v1;
}

void cgroup_slot_init(struct cgroup_slot *slot, const struct cgroup_roots *roots, unsigned number) {
  *slot = (struct cgroup_slot){.roots = roots, .number = number, .init = -1, .name = "step", .oom_event = -1};
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS; controller++)
    slot->slot[controller] = slot->step[controller] = -1;
  for (unsigned counter = 0; counter < CGROUP_COUNTERS; counter++)
    slot->counter[counter] = -1;
}

int cgroup_counters_open(struct cgroup_slot *slot, const int *groups, const char *const *names) {
  for (unsigned counter = 0; counter < CGROUP_COUNTERS; counter++) {
    if (names[counter] == NULL)
      continue;
    /* On v1 the peak begins anew with a write. */
    int file = cgroup_file_open(groups[counter], names[counter], counter == CGROUP_MEMORY_PEAK && slot->roots->version == 1 ? O_RDWR : O_RDONLY);
    bool optional = counter == CGROUP_PIDS_PEAK || counter == CGROUP_LIMIT_SWAP;
    if (file < 0 && !(optional && file == -ENOENT))
      return file;
    slot->counter[counter] = file < 0 ? -1 : file;
  }
  return 0;
}

int cgroup_counter_number(const struct cgroup_slot *slot, enum cgroup_counter counter, uint64_t *out) {
  char text[64];
  int result = cgroup_file_reread(slot->counter[counter], text, sizeof text);
  return result < 0 ? result : cgroup_text_number(text, out);
}

int cgroup_counter_sum(const struct cgroup_slot *slot, enum cgroup_counter counter, const char *const *keys, uint64_t *out) {
  char text[8192];
  int result = cgroup_file_reread(slot->counter[counter], text, sizeof text);
  *out = 0;
  for (; result == 0 && *keys != NULL; keys++) {
    uint64_t value = 0;
    result = cgroup_text_key(text, *keys, &value);
    *out += value;
  }
  return result;
}

int cgroup_counter_key(const struct cgroup_slot *slot, enum cgroup_counter counter, const char *key, uint64_t *out) {
  return cgroup_counter_sum(slot, counter, (const char *const[]){key, NULL}, out);
}

int cgroup_slot_empty(const struct cgroup_slot *slot, unsigned wait_ms, unsigned *left) {
  for (unsigned waited = 0;; waited++) {
    *left = 0;
    int result = cgroup_driver(slot->roots)->kill(slot, left);
    if (result < 0)
      return result;
    if (*left == 0)
      return 0;
    if (waited >= wait_ms)
      return -EBUSY;
    struct timespec pause = {.tv_nsec = 1000000};
    nanosleep(&pause, NULL);
  }
}

int cgroup_slot_limit(struct cgroup_slot *slot, uint64_t memory_bytes) {
  if (slot->bound_bytes == memory_bytes)
    return 0;
  int result = cgroup_driver(slot->roots)->slot_limit(slot, memory_bytes);
  slot->bound_bytes = result < 0 ? 0 : memory_bytes;
  return result;
}

int cgroup_step_limit(struct cgroup_slot *slot, const struct cgroup_limits *limits) {
  const struct cgroup_limits *now = &slot->limits;
  if (now->memory_bytes == limits->memory_bytes && now->processes == limits->processes && now->cpu_millis == limits->cpu_millis)
    return 0;
  int result = cgroup_driver(slot->roots)->step_limit(slot, limits);
  slot->limits = result < 0 ? (struct cgroup_limits){0} : *limits;
  return result;
}

int cgroup_step_unthrottle(struct cgroup_slot *slot) {
  slot->limits = (struct cgroup_limits){0};
  return cgroup_driver(slot->roots)->step_unthrottle(slot);
}

static void drop(int *descriptor) {
  if (*descriptor >= 0)
    close(*descriptor);
  *descriptor = -1;
}

void cgroup_step_close(struct cgroup_slot *slot) {
  slot->limits = (struct cgroup_limits){0};
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS; controller++)
    drop(&slot->step[controller]);
  for (unsigned counter = 0; counter < CGROUP_COUNTERS; counter++)
    drop(&slot->counter[counter]);
  drop(&slot->oom_event);
}

void cgroup_slot_close(struct cgroup_slot *slot) {
  cgroup_step_close(slot);
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS; controller++)
    drop(&slot->slot[controller]);
  drop(&slot->init);
}
