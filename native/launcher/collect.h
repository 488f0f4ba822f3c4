/* Reading files of a sandbox from inside it, between its steps, as the job's own user: nobody outside ever opens by path what a job could have
 * written (design section 7; CVE-2024-28185, CVE-2024-28189).
 *
 * What is found goes to standard output, in records: u32 little-endian length, u8 kind, payload. A FILE's payload is u32 mode, u64 size, path;
 * with `contents` exactly `size` bytes follow it, outside of any record. LEFT_OUT: u8 reason, path. SUMMARY: one line of JSON, the last. */
#ifndef COLLECT_H
#define COLLECT_H

#include "plan.h"

enum collect_record { COLLECT_FILE = 1, COLLECT_LEFT_OUT = 2, COLLECT_SUMMARY = 3 };

enum collect_reason {
  COLLECT_NOT_REGULAR,  /* a link, a FIFO, a socket, a device; or a link on the way to it */
  COLLECT_TOO_LARGE,    /* a sparse file counts as what reading it would give */
  COLLECT_TOO_MANY,     /* files, names or entries: the walk ends here */
  COLLECT_NAME_TOO_LONG,
  COLLECT_TOO_DEEP,
  COLLECT_UNREADABLE,
  COLLECT_MISSING,
  COLLECT_REASONS,
};

/* How it exits. */
enum collect_exit { COLLECT_DONE = 0, COLLECT_NO_ROOT = 3, COLLECT_BROKEN = 4 };

/* A copy in memory of our own: beside other process trees the next plan is written over this one. */
const struct step_plan *collect_own_plan(const struct step_plan *step);

/* Executes nothing and never returns. */
_Noreturn void collect_run(const struct step_plan *step);

#endif
