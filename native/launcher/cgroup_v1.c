/* Control groups v1: one hierarchy a controller (Documentation/admin-guide/cgroup-v1/).
 *
 * A process may be moved by a mover whose effective uid is the target's real or saved uid (cgroup1_procs_write): init and
 * the job waiting at its first barrier keep the service user as saved uid for that, and only until then. There is no
 * cgroup.kill; a pid namespace whose init dies is killed as a whole by the kernel (zap_pid_ns_processes), so the
 * freezer is not needed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_file.h"

static int begin(const struct cgroup_roots *roots) {
  (void)roots;
  return 0;
}

/* Memory with swap is the same number as memory: no swap. The kernel refuses memory > memory+swap at any moment, so the
 * order depends on whether the limit rises or falls. */
static int limit_memory(int group, uint64_t bytes) {
  int result = cgroup_file_write_number(group, "memory.limit_in_bytes", bytes);
  if (result == -EINVAL) {
    result = cgroup_file_write_number(group, "memory.memsw.limit_in_bytes", bytes);
    return result < 0 ? result : cgroup_file_write_number(group, "memory.limit_in_bytes", bytes);
  }
  return result < 0 ? result : cgroup_file_write_number(group, "memory.memsw.limit_in_bytes", bytes);
}

/* The memory hierarchy alone holds every process of a sandbox at any time: init is placed there before it does anything, and its
 * children are born there. What another hierarchy still held would stop the removal of its group (EBUSY). */
static int kill_slot(const struct cgroup_slot *slot, unsigned *found) {
  int result = cgroup_group_kill(slot->slot[CGROUP_MEMORY], found);
  if (result == 0)
    result = cgroup_group_kill(slot->init, found);
  if (result == 0)
    result = cgroup_each_beside(slot->slot[CGROUP_MEMORY], cgroup_beside_kill, found);
  int step = result < 0 ? result : cgroup_file_open(slot->slot[CGROUP_MEMORY], "step", O_RDONLY | O_DIRECTORY);
  if (step < 0)
    return step == -ENOENT ? 0 : step;
  result = cgroup_group_kill(step, found);
  close(step);
  return result;
}

/* Of what a supervisor before us has left. */
static int remove_steps(const struct cgroup_slot *slot, unsigned controller) {
  unsigned found = 0;
  int result = cgroup_group_remove(slot->slot[controller], "step");
  return result < 0 ? result : cgroup_each_beside(slot->slot[controller], cgroup_beside_remove, &found);
}

static int slot_make(struct cgroup_slot *slot) {
  char name[24];
  snprintf(name, sizeof name, "slot-%u", slot->number);
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS; controller++) {
    slot->slot[controller] = cgroup_group_make(slot->roots->root[controller], name);
    if (slot->slot[controller] < 0)
      return slot->slot[controller];
  }
  slot->init = cgroup_group_make(slot->slot[CGROUP_MEMORY], "init");
  if (slot->init < 0)
    return slot->init;
  unsigned left = 0;
  int result = cgroup_slot_empty(slot, 2000, &left);
  for (unsigned controller = 0; result == 0 && controller < CGROUP_CONTROLLERS; controller++)
    result = remove_steps(slot, controller);
  if (result == 0)
    result = cgroup_file_write(slot->slot[CGROUP_PIDS], "pids.max", "max");
  return result < 0 ? result : limit_memory(slot->slot[CGROUP_MEMORY], CGROUP_ALLOWANCE_BYTES);
}

/* The quota is the slot's already. */
static int slot_share(const struct cgroup_slot *slot, uint64_t processes, uint64_t cpu_millis) {
  (void)cpu_millis;
  return cgroup_file_write_number(slot->slot[CGROUP_PIDS], "pids.max", processes);
}

static int slot_limit(const struct cgroup_slot *slot, uint64_t memory_bytes) {
  return limit_memory(slot->slot[CGROUP_MEMORY], memory_bytes);
}

static int place(int group, pid_t pid) { return cgroup_file_write_number(group, "cgroup.procs", (uint64_t)pid); }

static int init_place(const struct cgroup_slot *slot, pid_t pid) { return place(slot->init, pid); }

/* Asks for an event on each out-of-memory situation (cgroup-v1/memory.rst, section 10). */
static int watch_oom(struct cgroup_slot *slot) {
  slot->oom_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (slot->oom_event < 0)
    return -errno;
  char text[32];
  snprintf(text, sizeof text, "%d %d", slot->oom_event, slot->counter[CGROUP_MEMORY_EVENTS]);
  return cgroup_file_write(slot->step[CGROUP_MEMORY], "cgroup.event_control", text);
}

static int open_counters(struct cgroup_slot *slot) {
  static const char *const names[CGROUP_COUNTERS] = {
      [CGROUP_CPU_USAGE] = "cpuacct.usage",
      [CGROUP_CPU_USER] = "cpuacct.usage_user",
      [CGROUP_CPU_SYSTEM] = "cpuacct.usage_sys",
      [CGROUP_CPU_STAT] = "cpu.stat",
      [CGROUP_MEMORY_NOW] = "memory.usage_in_bytes",
      [CGROUP_MEMORY_PEAK] = "memory.max_usage_in_bytes",
      [CGROUP_MEMORY_EVENTS] = "memory.oom_control",
      [CGROUP_MEMORY_STAT] = "memory.stat",
      [CGROUP_MEMORY_KERNEL] = "memory.kmem.usage_in_bytes",
      [CGROUP_PIDS_NOW] = "pids.current",
      [CGROUP_PIDS_EVENTS] = "pids.events",
      [CGROUP_PIDS_PEAK] = "pids.peak",
      [CGROUP_LIMIT_MEMORY] = "memory.limit_in_bytes",
      [CGROUP_LIMIT_SWAP] = "memory.memsw.limit_in_bytes",
      [CGROUP_LIMIT_PIDS] = "pids.max",
      [CGROUP_LIMIT_CPU] = "cpu.cfs_quota_us",
      [CGROUP_LIMIT_PERIOD] = "cpu.cfs_period_us",
  };
  const int cpuacct = slot->step[CGROUP_CPUACCT];
  const int memory = slot->step[CGROUP_MEMORY];
  const int pids = slot->step[CGROUP_PIDS];
  const int cpu = slot->slot[CGROUP_CPU];
  const int groups[CGROUP_COUNTERS] = {cpuacct, cpuacct, cpuacct, cpu,    memory, memory, memory, memory, memory,
                                       pids,    pids,    pids,    memory, memory, pids,   cpu,    cpu};
  return cgroup_counters_open(slot, groups, names);
}

static int step_make(struct cgroup_slot *slot) {
  static const unsigned own[] = {CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPUACCT};
  for (unsigned at = 0; at < sizeof own / sizeof *own; at++) {
    int group = cgroup_group_make(slot->slot[own[at]], slot->name);
    if (group < 0)
      return group;
    slot->step[own[at]] = group;
  }
  int result = open_counters(slot);
  return result < 0 ? result : watch_oom(slot);
}

static int step_place(const struct cgroup_slot *slot, pid_t pid) {
  /* cpu before cpuacct: where the two are one hierarchy, the process ends in the step's group, under the slot's quota. */
  const int groups[] = {slot->slot[CGROUP_CPU], slot->step[CGROUP_CPUACCT], slot->step[CGROUP_PIDS],
                        slot->step[CGROUP_MEMORY]};
  for (unsigned at = 0; at < sizeof groups / sizeof *groups; at++) {
    int result = place(groups[at], pid);
    if (result < 0)
      return result;
  }
  return 0;
}

static int step_limit(const struct cgroup_slot *slot, const struct cgroup_limits *limits) {
  int cpu = slot->slot[CGROUP_CPU];
  int result = limit_memory(slot->step[CGROUP_MEMORY], limits->memory_bytes);
  if (result == 0)
    result = cgroup_file_write_number(slot->step[CGROUP_PIDS], "pids.max", limits->processes);
  if (result == 0)
    result = cgroup_file_write_number(cpu, "cpu.cfs_period_us", CGROUP_CPU_PERIOD_US);
  return result < 0
             ? result
             : cgroup_file_write_number(cpu, "cpu.cfs_quota_us", limits->cpu_millis * CGROUP_CPU_PERIOD_US / 1000);
}

static int step_unthrottle(const struct cgroup_slot *slot) { return cgroup_file_write(slot->slot[CGROUP_CPU], "cpu.cfs_quota_us", "-1"); }

static int step_reset(const struct cgroup_slot *slot) {
  return pwrite(slot->counter[CGROUP_MEMORY_PEAK], "0", 1, 0) == 1 ? 0 : -errno;
}

static int cpu_ns(const struct cgroup_slot *slot, uint64_t *out) { return cgroup_counter_number(slot, CGROUP_CPU_USAGE, out); }

static int oom_kills(const struct cgroup_slot *slot, uint64_t *out) {
  return cgroup_counter_key(slot, CGROUP_MEMORY_EVENTS, "oom_kill", out);
}

static int process_refusals(const struct cgroup_slot *slot, uint64_t *out) { return cgroup_counter_key(slot, CGROUP_PIDS_EVENTS, "max", out); }

static int processes(const struct cgroup_slot *slot, uint64_t *out) { return cgroup_counter_number(slot, CGROUP_PIDS_NOW, out); }

static int memory_used(const struct cgroup_slot *slot, uint64_t *out) {
  uint64_t kernel = 0;
  int result = cgroup_counter_sum(slot, CGROUP_MEMORY_STAT, (const char *const[]){"cache", "rss", NULL}, out);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_MEMORY_KERNEL, &kernel);
  *out += kernel;
  return result;
}

static int step_base(const struct cgroup_slot *slot, struct cgroup_counters *out) {
  int result = cpu_ns(slot, &out->cpu_ns);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_CPU_USER, &out->user_ns);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_CPU_SYSTEM, &out->system_ns);
  if (result == 0)
    result = cgroup_counter_key(slot, CGROUP_CPU_STAT, "throttled_time", &out->throttled_ns);
  return result;
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
  uint64_t with_swap = 0;
  int result = cgroup_counter_number(slot, CGROUP_LIMIT_MEMORY, &out->memory_bytes);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_LIMIT_SWAP, &with_swap);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_LIMIT_PIDS, &out->processes);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_LIMIT_CPU, &out->cpu_quota_us);
  if (result == 0)
    result = cgroup_counter_number(slot, CGROUP_LIMIT_PERIOD, &out->cpu_period_us);
  out->swap_bytes = with_swap < out->memory_bytes ? UINT64_MAX : with_swap - out->memory_bytes;
  return result;
}

/* A line "N:<controllers>:<path>" whose controllers hold the wanted one must end with "<root's name>/slot-N[/step]". */
static bool line_matches(const char *line, size_t length, const char *controller, const char *tail) {
  const char *names = memchr(line, ':', length);
  if (names == NULL)
    return false;
  names++;
  const char *path = memchr(names, ':', length - (size_t)(names - line));
  if (path == NULL)
    return false;
  size_t wanted = strlen(controller);
  bool holds = false;
  for (const char *name = names; name < path;) {
    const char *comma = memchr(name, ',', (size_t)(path - name));
    const char *end = comma == NULL ? path : comma;
    holds = holds || ((size_t)(end - name) == wanted && strncmp(name, controller, wanted) == 0);
    name = end + 1;
  }
  size_t left = length - (size_t)(path - line);
  size_t tail_length = strlen(tail);
  return holds && left >= tail_length && strncmp(path + left - tail_length, tail, tail_length) == 0;
}

static bool in_group(const char *membership, const char *controller, const char *tail) {
  for (const char *line = membership; *line != '\0';) {
    size_t length = strcspn(line, "\n");
    if (line_matches(line, length, controller, tail))
      return true;
    line += line[length] == '\n' ? length + 1 : length;
  }
  return false;
}

static bool is_member(const struct cgroup_slot *slot, const char *membership) {
  static const char *const names[CGROUP_CONTROLLERS] = {"memory", "pids", "cpu", "cpuacct"};
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS; controller++) {
    char tail[320];
    const char *base = strrchr(slot->roots->path[controller], '/');
    snprintf(tail, sizeof tail, "%s/slot-%u%s%s", base, slot->number, controller == CGROUP_CPU ? "" : "/", controller == CGROUP_CPU ? "" : slot->name);
    bool member = in_group(membership, names[controller], tail);
    if (!member && controller == CGROUP_CPU) { /* one hierarchy for cpu and cpuacct */
      snprintf(tail, sizeof tail, "%s/slot-%u/%s", base, slot->number, slot->name);
      member = in_group(membership, names[controller], tail);
    }
    if (!member)
      return false;
  }
  return true;
}

static int step_remove(struct cgroup_slot *slot) {
  cgroup_step_close(slot);
  static const unsigned own[] = {CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPUACCT};
  for (unsigned at = 0; at < sizeof own / sizeof *own; at++) {
    int result = cgroup_group_remove(slot->slot[own[at]], slot->name);
    if (result < 0)
      return result;
  }
  return 0;
}

/* With no room for a process none can be forked while the others are killed one by one. */
static int step_kill(const struct cgroup_slot *slot, unsigned *found) {
  int result = cgroup_file_write(slot->step[CGROUP_PIDS], "pids.max", "0");
  return result < 0 ? result : cgroup_group_kill(slot->step[CGROUP_MEMORY], found);
}

const struct cgroup_driver cgroup_v1 = {
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
