/* Descriptors, environment, signals, umask, core dumps. */
#include "sanitise.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int sanitise_keep(const int *keep, unsigned count) {
  for (unsigned from = 3;;) {
    unsigned next = ~0U;
    for (unsigned at = 0; at < count; at++)
      if (keep[at] >= 0 && (unsigned)keep[at] >= from && (unsigned)keep[at] < next)
        next = (unsigned)keep[at];
    if (next == ~0U)
      return close_range(from, ~0U, 0) == 0 ? 0 : -errno;
    if (next > from && close_range(from, next - 1, 0) < 0)
      return -errno;
    from = next + 1;
  }
}

int sanitise_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) {
    /* SIGCHLD as well: an inherited SIG_IGN would reap our children behind our back. */
    if (signal(number, SIG_DFL) == SIG_ERR && errno != EINVAL)
      return -errno;
  }
  return sigprocmask(SIG_SETMASK, &none, NULL) == 0 ? 0 : -errno;
}

int sanitise_self(int keep) {
  int result = sanitise_keep(&keep, 1);
  if (result < 0)
    return result;
  if (clearenv() != 0)
    return -ENOMEM;
  umask(022);
  /* core_pattern may be a pipe handler on the host that ignores the size limit: dumpable is taken off as well. */
  const struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) < 0)
    return -errno;
  return sanitise_signals();
}

static char *command_line;
static size_t command_line_bytes;

/* The kernel lays all words out one behind the other (fs/exec.c, copy_strings), and /proc/PID/cmdline reads them from there. */
void sanitise_note_command_line(int count, char **words) {
  const char *last = words[count - 1];
  command_line = words[0];
  command_line_bytes = (size_t)(last + strlen(last) + 1 - words[0]);
}

void sanitise_clear_command_line(void) {
  static const char name[] = "init";
  explicit_bzero(command_line, command_line_bytes);
  if (command_line_bytes >= sizeof name)
    memcpy(command_line, name, sizeof name);
}

int sanitise_hide(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : -errno; }
