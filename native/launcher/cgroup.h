/* Control groups of one slot, the same for both versions. cgroup_v1.c and cgroup_v2.c hold all that differs.
 *
 *   <root>/slot-N        one a slot, kept; bounds everything of the sandbox together
 *   <root>/slot-N/init   pid 1 of the sandbox: our own code, never counted as the job's
 *   <root>/slot-N/step   one a step, made new for each: its counters begin at zero and nothing of an earlier tenant
 *                        (page cache, peaks, events) is in them
 *   <root>/slot-N/beside-K   the same, of each further process tree where several run side by side
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum cgroup_controller { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPU, CGROUP_CPUACCT, CGROUP_CONTROLLERS };

/* Files of a step that are read while a job waits for us. CPU_USER, CPU_SYSTEM and CPU_STAT are one file on v2, CPU_USAGE, and so are
 * LIMIT_CPU and LIMIT_PERIOD. */
enum cgroup_counter {
  CGROUP_CPU_USAGE,
  CGROUP_CPU_USER,
  CGROUP_CPU_SYSTEM,
  CGROUP_CPU_STAT,
  CGROUP_MEMORY_NOW,
  CGROUP_MEMORY_PEAK,
  CGROUP_MEMORY_EVENTS,
  CGROUP_MEMORY_STAT,
  CGROUP_MEMORY_KERNEL, /* v1 only: v2 has it in MEMORY_STAT */
  CGROUP_PIDS_NOW,
  CGROUP_PIDS_EVENTS,
  CGROUP_PIDS_PEAK, /* -1 before 6.1 */
  CGROUP_LIMIT_MEMORY,
  CGROUP_LIMIT_SWAP, /* with memory on v1; -1 on v2 where the kernel has no swap */
  CGROUP_LIMIT_PIDS,
  CGROUP_LIMIT_CPU,
  CGROUP_LIMIT_PERIOD,
  CGROUP_COUNTERS
};

enum {
  CGROUP_CPU_PERIOD_US = 100000,
  /* What pid 1, its kernel objects and charge batching may need beside the job's memory and disk. */
  CGROUP_ALLOWANCE_BYTES = 64 << 20,
  CGROUP_BESIDE = 64, /* process trees at most of one sandbox at one time */
  CGROUP_NAME = 16,
};

/* The delegated roots. On v2 only root[CGROUP_MEMORY] is used, and stands for all. */
struct cgroup_roots {
  int version;
  int root[CGROUP_CONTROLLERS];
  char path[CGROUP_CONTROLLERS][256];
};

struct cgroup_limits {
  uint64_t memory_bytes;
  uint64_t processes;
  uint64_t cpu_millis;
};

/* One slot's groups. -1 where nothing is open. */
struct cgroup_slot {
  const struct cgroup_roots *roots;
  unsigned number;
  int slot[CGROUP_CONTROLLERS];
  int init;                     /* memory on v1 */
  char name[CGROUP_NAME];       /* of the step's group */
  int step[CGROUP_CONTROLLERS]; /* none on v1 for cpu: the quota is the slot's */
  /* Opened with the step's groups: nothing is looked up while a job waits for us. */
  int counter[CGROUP_COUNTERS];
  int oom_event; /* readable (v1) or POLLPRI (v2) after an out-of-memory event */
  /* What was written last, and nobody else writes. All 0: not known. */
  uint64_t bound_bytes;
  struct cgroup_limits limits;
};

struct cgroup_counters {
  uint64_t cpu_ns;
  uint64_t user_ns;
  uint64_t system_ns;
  uint64_t throttled_ns;
  uint64_t memory_now_bytes;
  uint64_t memory_peak_bytes;
  uint64_t oom_kills;
  uint64_t process_peak;
  uint64_t process_refusals;
};

/* What the kernel says the limits are. UINT64_MAX: no limit. */
struct cgroup_in_force {
  uint64_t memory_bytes;
  uint64_t swap_bytes;
  uint64_t processes;
  uint64_t cpu_quota_us;
  uint64_t cpu_period_us;
};

/* All return 0 or -errno. */
struct cgroup_driver {
  /* At start, as the plain service user: whatever the hierarchy needs before slots can be made. */
  int (*begin)(const struct cgroup_roots *roots);
  /* The slot's own groups, verified empty: left-overs are killed and removed first. */
  int (*slot_make)(struct cgroup_slot *slot);
  /* The bound of the sandbox as a whole. */
  int (*slot_limit)(const struct cgroup_slot *slot, uint64_t memory_bytes);
  /* Of several process trees together: how many processes, and on v2, where each has a quota of its own, how much processor. */
  int (*slot_share)(const struct cgroup_slot *slot, uint64_t processes, uint64_t cpu_millis);
  int (*init_place)(const struct cgroup_slot *slot, pid_t pid);
  int (*step_make)(struct cgroup_slot *slot);
  int (*step_place)(const struct cgroup_slot *slot, pid_t pid);
  int (*step_limit)(const struct cgroup_slot *slot, const struct cgroup_limits *limits);
  /* Takes the processor's quota off again, for a step that is being ended. */
  int (*step_unthrottle)(const struct cgroup_slot *slot);
  /* Starts the peak of memory anew. */
  int (*step_reset)(const struct cgroup_slot *slot);
  int (*step_counters)(const struct cgroup_slot *slot, struct cgroup_counters *out);
  /* Of these, what may not be 0 before the program runs: processor time. */
  int (*step_base)(const struct cgroup_slot *slot, struct cgroup_counters *out);
  /* Bytes that are really in use. `memory_now_bytes` is more: each processor has up to 63 pages charged ahead (mm/memcontrol.c,
   * MEMCG_CHARGE_BATCH), and so had the peak. */
  int (*memory_used)(const struct cgroup_slot *slot, uint64_t *out);
  int (*cpu_ns)(const struct cgroup_slot *slot, uint64_t *out);
  int (*oom_kills)(const struct cgroup_slot *slot, uint64_t *out);
  int (*processes)(const struct cgroup_slot *slot, uint64_t *out);
  int (*process_refusals)(const struct cgroup_slot *slot, uint64_t *out);
  /* Reads limits back, and that the process is in the step's groups (`membership` is /proc/<pid>/cgroup). */
  int (*in_force)(const struct cgroup_slot *slot, struct cgroup_in_force *out);
  bool (*is_member)(const struct cgroup_slot *slot, const char *membership);
  /* The step's groups are removed, if there are any. -EBUSY while a process is left. */
  int (*step_remove)(struct cgroup_slot *slot);
  /* SIGKILL to whatever is in the slot, and how many processes there were. Never waits. */
  int (*kill)(const struct cgroup_slot *slot, unsigned *found);
  /* The same for the step's group alone, which can then get no new process. */
  int (*step_kill)(const struct cgroup_slot *slot, unsigned *found);
};

extern const struct cgroup_driver cgroup_v1;
extern const struct cgroup_driver cgroup_v2;

/* Opens the roots named by `v2:/path` or `memory:/path` and the like. -EINVAL for an unknown or incomplete set. */
int cgroup_open(struct cgroup_roots *roots, char *const *names, unsigned count);

const struct cgroup_driver *cgroup_driver(const struct cgroup_roots *roots);

/* A slot with nothing open. */
void cgroup_slot_init(struct cgroup_slot *slot, const struct cgroup_roots *roots, unsigned number);

/* As slot_limit, step_limit and step_unthrottle; a limit that has been written already is not written again. That it is in force is read back
 * at the barrier all the same. */
int cgroup_slot_limit(struct cgroup_slot *slot, uint64_t memory_bytes);
int cgroup_step_limit(struct cgroup_slot *slot, const struct cgroup_limits *limits);
int cgroup_step_unthrottle(struct cgroup_slot *slot);

/* Opens counters of a group by name, NULL for none. A file that this kernel lacks stays -1 if it is PIDS_PEAK or LIMIT_SWAP. 0 or -errno. */
int cgroup_counters_open(struct cgroup_slot *slot, const int *groups, const char *const *names);

/* Reads one opened counter: a number alone in its file, the one behind a key, or the sum behind several. 0 or -errno. */
int cgroup_counter_number(const struct cgroup_slot *slot, enum cgroup_counter counter, uint64_t *out);
int cgroup_counter_key(const struct cgroup_slot *slot, enum cgroup_counter counter, const char *key, uint64_t *out);
int cgroup_counter_sum(const struct cgroup_slot *slot, enum cgroup_counter counter, const char *const *keys, uint64_t *out);

/* Kills until the slot is empty, at most `wait_ms`. -EBUSY and `left` > 0 if some process stays (uninterruptible sleep). */
int cgroup_slot_empty(const struct cgroup_slot *slot, unsigned wait_ms, unsigned *left);

/* Another process tree's groups in the same slot: nothing open but the slot's, which both share. */
void cgroup_beside(struct cgroup_slot *beside, const struct cgroup_slot *slot, unsigned number);

/* Calls for each group of a further process tree that is there in `parent`. 0 or -errno. */
int cgroup_each_beside(int parent, int (*act)(int parent, const char *name, unsigned *found), unsigned *found);

/* Two such: kill what is in it; remove it. */
int cgroup_beside_kill(int parent, const char *name, unsigned *found);
int cgroup_beside_remove(int parent, const char *name, unsigned *found);

/* Closes what step_make opened. */
void cgroup_step_close(struct cgroup_slot *slot);
void cgroup_slot_close(struct cgroup_slot *slot);

#endif
