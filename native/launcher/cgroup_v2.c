/* Control groups v2 (Documentation/admin-guide/cgroup-v2.rst). One hierarchy; a group with children that have controllers
 * holds no process itself, so init and step are leaves. Moving is allowed inside the delegated tree only: the launcher
 * must be started in it (systemd: Delegate=yes; otherwise set-up puts it into <root>/launcher). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_file.h"

static const char controllers[] = "+memory +pids +cpu";

/* Enables controllers for children. systemd starts a unit in the delegated group itself: we leave it for a leaf first,
 * because a group that holds processes cannot hand controllers down (EBUSY). */
static int begin(const struct cgroup_roots *roots) {
  int root = roots->root[CGROUP_MEMORY];
  int result = cgroup_file_write(root, "cgroup.subtree_control", controllers);
  if (result != -EBUSY)
    return result;
  int leaf = cgroup_group_make(root, "launcher");
  if (leaf < 0)
    return leaf;
  result = cgroup_file_write_number(leaf, "cgroup.procs", (uint64_t)getpid());
  close(leaf);
  return result < 0 ? result : cgroup_file_write(root, "cgroup.subtree_control", controllers);
}

static int kill_group(int group, unsigned *found) {
  char text[256];
  uint64_t populated = 0;
  int result = cgroup_file_read(group, "cgroup.events", text, sizeof text);
  if (result == 0)
    result = cgroup_text_key(text, "populated", &populated);
  if (result < 0 || populated == 0)
    return result;
  /* The kernel kills the whole sub-tree, forks in flight included (5.14). */
  result = cgroup_file_write(group, "cgroup.kill", "1");
  *found += 1;
  return result;
}

static int kill_slot(const struct cgroup_slot *slot, unsigned *found) { return kill_group(slot->slot[CGROUP_MEMORY], found); }

static int step_kill(const struct cgroup_slot *slot, unsigned *found) { return kill_group(slot->step[CGROUP_MEMORY], found); }

static int limit_memory(int group, uint64_t bytes) {
  int result = cgroup_file_write(group, "memory.swap.max", "0");
  if (result == -ENOENT) /* a kernel without swap has no such file: there is nothing to forbid */
    result = 0;
  return result < 0 ? result : cgroup_file_write_number(group, "memory.max", bytes);
}

static int slot_make(struct cgroup_slot *slot) {
  char name[24];
  snprintf(name, sizeof name, "slot-%u", slot->number);
  int group = cgroup_group_make(slot->roots->root[CGROUP_MEMORY], name);
  if (group < 0)
    return group;
  slot->slot[CGROUP_MEMORY] = group;
  int result = cgroup_file_write(group, "cgroup.subtree_control", controllers);
  if (result < 0)
    return result;
  slot->init = cgroup_group_make(group, "init");
  if (slot->init < 0)
    return slot->init;
  unsigned left = 0;
  result = cgroup_slot_empty(slot, 2000, &left);
  if (result == 0)
    result = cgroup_group_remove(group, "step");
  left = 0;
  if (result == 0)
    result = cgroup_each_beside(group, cgroup_beside_remove, &left);
  if (result == 0)
    result = cgroup_file_write(group, "pids.max", "max");
  if (result == 0)
    result = cgroup_file_write(group, "cpu.max", "max");
  return result < 0 ? result : limit_memory(group, CGROUP_ALLOWANCE_BYTES);
}

static int limit_processor(int group, uint64_t cpu_millis) {
  char text[64];
  snprintf(text, sizeof text, "%" PRIu64 " %d", cpu_millis * CGROUP_CPU_PERIOD_US / 1000, CGROUP_CPU_PERIOD_US);
  return cgroup_file_write(group, "cpu.max", text);
}

static int slot_share(const struct cgroup_slot *slot, uint64_t processes, uint64_t cpu_millis) {
  int result = cgroup_file_write_number(slot->slot[CGROUP_MEMORY], "pids.max", processes);
  return result < 0 ? result : limit_processor(slot->slot[CGROUP_MEMORY], cpu_millis);
}

static int slot_limit(const struct cgroup_slot *slot, uint64_t memory_bytes) {
  return limit_memory(slot->slot[CGROUP_MEMORY], memory_bytes);
}

static int init_place(const struct cgroup_slot *slot, pid_t pid) {
  return cgroup_file_write_number(slot->init, "cgroup.procs", (uint64_t)pid);
}

static int step_make(struct cgroup_slot *slot) {
  int group = cgroup_group_make(slot->slot[CGROUP_MEMORY], slot->name);
  if (group < 0)
    return group;
  slot->step[CGROUP_MEMORY] = group;
  /* One process over the limit ends the step as a whole. */
  int result = cgroup_file_write(group, "memory.oom.group", "1");
  if (result < 0)
    return result;
  static const char *const names[CGROUP_COUNTERS] = {
      [CGROUP_CPU_USAGE] = "cpu.stat",
      [CGROUP_MEMORY_NOW] = "memory.current",
      [CGROUP_MEMORY_PEAK] = "memory.peak",
      [CGROUP_MEMORY_EVENTS] = "memory.events",
      [CGROUP_MEMORY_STAT] = "memory.stat",
      [CGROUP_PIDS_NOW] = "pids.current",
      [CGROUP_PIDS_EVENTS] = "pids.events",
      [CGROUP_PIDS_PEAK] = "pids.peak",
      [CGROUP_LIMIT_MEMORY] = "memory.max",
      [CGROUP_LIMIT_SWAP] = "memory.swap.max",
      [CGROUP_LIMIT_PIDS] = "pids.max",
      [CGROUP_LIMIT_CPU] = "cpu.max",
  };
  int groups[CGROUP_COUNTERS];
  for (unsigned counter = 0; counter < CGROUP_COUNTERS; counter++)
    groups[counter] = group;
  result = cgroup_counters_open(slot, groups, names);
  if (result < 0)
    return result;
  /* A descriptor of its own: poll on it remembers what this one has read. */
  slot->oom_event = cgroup_file_open(group, "memory.events", O_RDONLY);
  return slot->oom_event < 0 ? slot->oom_event : 0;
}

static int step_place(const struct cgroup_slot *slot, pid_t pid) {
  return cgroup_file_write_number(slot->step[CGROUP_MEMORY], "cgroup.procs", (uint64_t)pid);
}

static int step_limit(const struct cgroup_slot *slot, const struct cgroup_limits *limits) {
  int group = slot->step[CGROUP_MEMORY];
  int result = limit_memory(group, limits->memory_bytes);
  if (result == 0)
    result = cgroup_file_write_number(group, "pids.max", limits->processes);
  return result < 0 ? result : limit_processor(group, limits->cpu_millis);
}

static int step_unthrottle(const struct cgroup_slot *slot) { return cgroup_file_write(slot->step[CGROUP_MEMORY], "cpu.max", "max"); }

/* Before 6.12 memory.peak cannot be reset. The group is new for each step, so its peak is the step's, with the few pages
 * of the waiting job process in it. */
static int step_reset(const struct cgroup_slot *slot) {
  (void)slot;
  return 0;
}

static int microseconds(const char *text, const char *key, uint64_t *out) {
  uint64_t value = 0;
  int result = cgroup_text_key(text, key, &value);
  *out = value * 1000;
  return result;
}

static int cpu_ns(const struct cgroup_slot *slot, uint64_t *out) {
  uint64_t value = 0;
  int result = cgroup_counter_key(slot, CGROUP_CPU_USAGE, "usage_usec", &value);
  *out = value * 1000;
  return result;
}

static int oom_kills(const struct cgroup_slot *slot, uint64_t *out) {
  return cgroup_counter_key(slot, CGROUP_MEMORY_EVENTS, "oom_kill", out);
}

/* All from one reading, so that they belong together. */
static int step_base(const struct cgroup_slot *slot, struct cgroup_counters *out) {
  char text[1024];
  int result = cgroup_file_reread(slot->counter[CGROUP_CPU_USAGE], text, sizeof text);
  if (result == 0)
    result = microseconds(text, "usage_usec", &out->cpu_ns);
  if (result == 0)
    result = microseconds(text, "user_usec", &out->user_ns);
  if (result == 0)
    result = microseconds(text, "system_usec", &out->system_ns);
  return result < 0 ? result : microseconds(text, "throttled_usec", &out->throttled_ns);
}

static int process_refusals(const struct cgroup_slot *slot, uint64_t *out) { return cgroup_counter_key(slot, CGROUP_PIDS_EVENTS, "max", out); }

static int processes(const struct cgroup_slot *slot, uint64_t *out) { return cgroup_counter_number(slot, CGROUP_PIDS_NOW, out); }

static int memory_used(const struct cgroup_slot *slot, uint64_t *out) {
  return cgroup_counter_sum(slot, CGROUP_MEMORY_STAT, (const char *const[]){"anon", "file", "kernel", NULL}, out);
}

static int step_counters(const struct cgroup_slot *slot, struct cgroup_counters *out) {
  int result = step_base(slot, out);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_MEMORY_NOW, &out->memory_now_bytes);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_MEMORY_PEAK, &out->memory_peak_bytes);
  if (result == 0)
    result = oom_kills(slot, &out->oom_kills);
  if (result == 0)
    result = process_refusals(slot, &out->process_refusals);
  if (result == 0 && slot->counter[CGROUP_PIDS_PEAK] >= 0)
    result = cgroup_counter_number(slot, CGROUP_PIDS_PEAK, &out->process_peak);
  return result;
}

static int in_force(const struct cgroup_slot *slot, struct cgroup_in_force *out) {
  char text[64];
  out->swap_bytes = 0;
  int result = cgroup_counter_number(slot, CGROUP_LIMIT_MEMORY, &out->memory_bytes);
  if (result == 0 && slot->counter[CGROUP_LIMIT_SWAP] >= 0)
    result = cgroup_counter_number(slot, CGROUP_LIMIT_SWAP, &out->swap_bytes);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_LIMIT_PIDS, &out->processes);
  if (result == 0)
    result = cgroup_file_reread(slot->counter[CGROUP_LIMIT_CPU], text, sizeof text);
  if (result < 0)
    return result;
  const char *space = strchr(text, ' ');
  result = cgroup_text_number(text, &out->cpu_quota_us);
  return result < 0 ? result : space == NULL ? -EINVAL : cgroup_text_number(space + 1, &out->cpu_period_us);
}

/* The line "0::<path>" must end with "<root's name>/slot-N/step". */
static bool is_member(const struct cgroup_slot *slot, const char *membership) {
  char tail[320];
  const char *base = strrchr(slot->roots->path[CGROUP_MEMORY], '/');
  snprintf(tail, sizeof tail, "%s/slot-%u/%s", base, slot->number, slot->name);
  const char *line = strncmp(membership, "0::", 3) == 0 ? membership : strstr(membership, "\n0::");
  if (line == NULL)
    return false;
  line += *line == '\n';
  size_t length = strcspn(line, "\n");
  size_t wanted = strlen(tail);
  return length >= wanted && strncmp(line + length - wanted, tail, wanted) == 0;
}

static int step_remove(struct cgroup_slot *slot) {
  cgroup_step_close(slot);
  return cgroup_group_remove(slot->slot[CGROUP_MEMORY], slot->name);
}

const struct cgroup_driver cgroup_v2 = {
    .begin = begin,
    .slot_make = slot_make,
    .slot_limit = slot_limit,
    .slot_share = slot_share,
    .init_place = init_place,
    .step_make = step_make,
    .step_place = step_place,
    .step_limit = step_limit,
    .step_unthrottle = step_unthrottle,
    .step_reset = step_reset,
    .step_counters = step_counters,
    .step_base = step_base,
    .memory_used = memory_used,
    .cpu_ns = cpu_ns,
    .oom_kills = oom_kills,
    .processes = processes,
    .process_refusals = process_refusals,
    .in_force = in_force,
    .is_member = is_member,
    .step_remove = step_remove,
    .kill = kill_slot,
    .step_kill = step_kill,
};
