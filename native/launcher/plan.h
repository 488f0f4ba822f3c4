/* What the worker asked, checked. The only parser of the launcher: pure functions from bytes to fixed-size structures,
 * to be fuzzed. Nothing here touches the system. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

enum {
  PLAN_WORD_MAX = 64,
  PLAN_LABEL_MAX = 255,
  PLAN_PATH_MAX = 4095,
  PLAN_ARGUMENT_MAX = 4096,
  PLAN_ENVIRONMENT_MAX = 4096,
  PLAN_DEPTH_MAX = 64,
};

/* What of the sandbox's files is read, and how much of it at most. The paths are the step's arguments. */
struct collect_plan {
  bool asked; /* the step is no program but our own reading (collect.c) */
  bool contents;
  char root[PLAN_PATH_MAX + 1];
  uint64_t entries;
  uint64_t files;
  uint64_t bytes;
  uint64_t file_bytes;
  uint64_t name_bytes;
  uint64_t depth;
};

struct sandbox_plan {
  char id[PLAN_WORD_MAX + 1];
  char image[PLAN_WORD_MAX + 1];
  char hostname[PLAN_WORD_MAX + 1];
  char workspace[PLAN_PATH_MAX + 1];
  char apparmor[PLAN_LABEL_MAX + 1]; /* empty: none */
  uint64_t uid;
  uint64_t gid;
  uint64_t memory_bytes;
  uint64_t disk_bytes;
  uint64_t disk_inodes;
  uint64_t processes;
  uint64_t cpu_millis;
  uint64_t lifetime_ms;
  uint64_t landlock_abi_minimum;
  bool proc_pid_only;
  bool loopback_up;
};

struct step_plan {
  char name[PLAN_WORD_MAX + 1];
  char directory[PLAN_PATH_MAX + 1];
  uint64_t wall_ms;
  uint64_t cpu_ms;
  uint64_t memory_bytes;
  uint64_t processes;
  uint64_t open_files;
  uint64_t file_bytes;
  uint64_t stack_bytes;
  uint64_t output_bytes;
  bool stdin_stream;
  struct collect_plan collect;
  uint32_t argument_count;
  uint32_t environment_count;
  char *argument[PLAN_ARGUMENT_MAX + 1]; /* into text, NULL-terminated */
  char *environment[PLAN_ENVIRONMENT_MAX + 1];
  char text[FRAME_STEP_MAX];
};

/* Of a FILE's mode: the path is relative to the root, where only `run/` is written to, instead of to the workspace. */
enum { PLAN_FILE_RUN = 1 << 16 };

struct file_plan {
  uint32_t mode;
  bool in_run;
  uint64_t size;
  char path[PLAN_PATH_MAX + 1];
};

/* Each returns 0, or -EPROTO for anything that docs/launcher-protocol.md does not allow: an unknown, repeated or missing
 * key, a value out of range, a missing NUL. `out` is undefined after a refusal. */
int plan_sandbox(const uint8_t *bytes, size_t size, struct sandbox_plan *out);
int plan_step(const uint8_t *bytes, size_t size, struct step_plan *out);
int plan_collect(const uint8_t *bytes, size_t size, struct step_plan *out);
int plan_file(const uint8_t *bytes, size_t size, struct file_plan *out);

#endif
