/* Our end of a step's terminal. Both directions are one descriptor; two of ours, so that each can be let go of by itself. */
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "channel.h"
#include "terminal.h"

static int adopt(struct step *step, int master) {
  if (!terminal_is_master(master))
    return -EPROTO;
  if (fcntl(master, F_SETFL, O_NONBLOCK) < 0)
    return -errno;
  step->stream[STDIN] = fcntl(master, F_DUPFD_CLOEXEC, 3);
  if (step->stream[STDIN] < 0)
    return -errno;
  step->stream[STDOUT] = fcntl(master, F_DUPFD_CLOEXEC, 3);
  return step->stream[STDOUT] < 0 ? -errno : 0;
}

int step_terminal_take(struct step *step) {
  struct message message = {0};
  int descriptors[CHANNEL_DESCRIPTORS] = {-1, -1, -1};
  if (sandbox_job_applied(step->sandbox, step->job.channel, &message, descriptors) < 0)
    return -1;
  int result = message.kind == MESSAGE_TERMINAL && descriptors[0] >= 0 ? adopt(step, descriptors[0]) : -EPROTO;
  for (unsigned at = 0; at < CHANNEL_DESCRIPTORS; at++)
    if (descriptors[at] >= 0)
      close(descriptors[at]);
  return step_failed(step, STAGE_STDIO, result);
}

void step_terminal_resize(struct step *step, unsigned rows, unsigned columns) {
  const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  /* The kernel tells the foreground process group (SIGWINCH). */
  if (step->terminal && step->stream[STDOUT] >= 0)
    (void)ioctl(step->stream[STDOUT], TIOCSWINSZ, &size);
}

bool step_terminal_signal(struct step *step, int number) {
  bool typed = number == SIGINT || number == SIGQUIT || number == SIGTSTP;
  if (!step->terminal || !typed || step->stream[STDOUT] < 0)
    return false;
  return ioctl(step->stream[STDOUT], TIOCSIG, number) == 0;
}
