/* Pid 1 of a sandbox reaps for all; what is left of a tree whose main process has ended is killed by the supervisor, by its control group. */
#include "beside.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "monotonic.h"

int beside_open(struct beside *beside, pid_t first) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  if (beside->open)
    return -EALREADY;
  /* A job takes the mask off again, before anything else (sanitise_signals). */
  if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
    return -errno;
  beside->children = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (beside->children < 0)
    return -errno;
  beside->open = true;
  beside->job[0] = first;
  return 0;
}

void beside_note(struct beside *beside, uint64_t number, pid_t job) { beside->job[number % CGROUP_BESIDE] = job; }

static void tell_end(struct beside *beside, int channel, pid_t pid, int status) {
  for (unsigned number = 0; number < CGROUP_BESIDE; number++) {
    if (beside->job[number] != pid)
      continue;
    const struct message ended = {.kind = MESSAGE_ENDED, .value = {(uint64_t)(unsigned)status, monotonic_ns(), number}};
    beside->job[number] = 0;
    if (channel_send(channel, &ended, NULL, 0) < 0)
      _exit(0);
    return;
  }
}

static void reap(struct beside *beside, int channel) {
  struct signalfd_siginfo information;
  while (read(beside->children, &information, sizeof information) == (ssize_t)sizeof information) {
  }
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL | WNOHANG)) > 0;)
    tell_end(beside, channel, pid, status);
}

void beside_await(struct beside *beside, int channel) {
  struct pollfd entries[] = {{.fd = channel, .events = POLLIN}, {.fd = beside->children, .events = POLLIN}};
  do {
    /* First: one may have ended before there was anything to be woken by. */
    reap(beside, channel);
    if (poll(entries, 2, -1) < 0 && errno != EINTR)
      _exit(1);
  } while (entries[0].revents == 0);
}

void beside_signal(const struct beside *beside, uint64_t number, int signal) {
  pid_t job = beside->job[number % CGROUP_BESIDE];
  if (job > 0)
    (void)kill(-job, signal);
}
