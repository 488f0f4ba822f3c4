/* Limits that end nothing: the kernel refuses a write or a process, and the program goes on. So that a result can say when it was, the
 * supervisor looks now and then, the less often the longer a program runs. */
#include "step.h"

#include <sys/statfs.h>

/* Two looks are so far apart, or a sixteenth of the program's time until then: 70 looks in its first ten seconds, 170 in an hour, none
 * while a short one runs. */
static const uint64_t look_ns = 20000000;
enum { LOOK_PART = 16 };

static void look_at_disk(struct step *step, uint64_t now) {
  struct step_looks *looks = &step->looks;
  struct statfs disk;
  if (fstatfs(step->sandbox->root, &disk) < 0)
    return;
  looks->disk_bytes = (uint64_t)(disk.f_blocks - disk.f_bfree) * (uint64_t)disk.f_bsize;
  looks->disk_inodes = (uint64_t)(disk.f_files - disk.f_ffree);
  if (disk.f_bfree > 0 && disk.f_ffree > 0) {
    looks->disk_room_ns = now;
    looks->disk_full_ns = 0;
  } else if (looks->disk_full_ns == 0)
    looks->disk_full_ns = now;
}

static void look_at_processes(struct step *step, uint64_t now) {
  uint64_t refused = 0;
  if (step->looks.process_refused_ns != 0)
    return;
  if (cgroup_driver(&step->sandbox->world->cgroups)->process_refusals(step->cgroup, &refused) == 0 && refused > step->base.process_refusals)
    step->looks.process_refused_ns = now;
}

uint64_t step_look_due(struct step *step, uint64_t now) {
  if (step->looks.next_ns == 0)
    step->looks.next_ns = step->released_ns + look_ns;
  if (now >= step->looks.next_ns)
    step_look(step, now);
  return step->looks.next_ns;
}

void step_look(struct step *step, uint64_t now) {
  look_at_disk(step, now);
  look_at_processes(step, now);
  uint64_t part = now > step->released_ns ? (now - step->released_ns) / LOOK_PART : 0;
  step->looks.next_ns = now + (part > look_ns ? part : look_ns);
}
