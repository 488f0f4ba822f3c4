/* Field by field, so that a new one of the plan is not guessed at by accident. */
#include "guess.h"

#include <string.h>

struct cgroup_limits guess_limits(const struct sandbox_plan *sandbox, const struct step_plan *step) {
  return (struct cgroup_limits){
      .memory_bytes = step->memory_bytes,
      .processes = step->processes,
      .cpu_millis = sandbox->cpu_millis,
  };
}

void guess_note(struct guess *guess, const struct sandbox_plan *sandbox, const struct step_plan *step) {
  guess->sandbox = (struct sandbox_plan){
      .uid = sandbox->uid,
      .gid = sandbox->gid,
      .memory_bytes = sandbox->memory_bytes,
      .disk_bytes = sandbox->disk_bytes,
      .disk_inodes = sandbox->disk_inodes,
      .proc_pid_only = sandbox->proc_pid_only,
      .loopback_up = sandbox->loopback_up,
  };
  memcpy(guess->sandbox.image, sandbox->image, sizeof sandbox->image);
  memcpy(guess->sandbox.workspace, sandbox->workspace, sizeof sandbox->workspace);
  guess->limits = guess_limits(sandbox, step);
  guess->any = true;
}

bool guess_fits(const struct sandbox_plan *built, const struct sandbox_plan *wanted) {
  return strcmp(built->image, wanted->image) == 0 && strcmp(built->workspace, wanted->workspace) == 0 && built->uid == wanted->uid &&
         built->gid == wanted->gid && built->proc_pid_only == wanted->proc_pid_only && built->loopback_up == wanted->loopback_up;
}
