/* Root of the outer user namespace: makes the ground once, then gives each connection a slot and a supervisor. */
#include "inner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "channel.h"
#include "diary.h"
#include "ground.h"
#include "monotonic.h"
#include "own_filter.h"
#include "sandbox.h"
#include "sanitise.h"
#include "slot_lock.h"

static const uint64_t patience_ns = 100000000;

struct inner {
  struct world world;
  int channel;
  int locks;
  int signals;
  unsigned running;
  unsigned next_slot;
  bool draining;
};

static int read_world(struct inner *inner, const struct options *options) {
  inner->world.options = options;
  int result = namespaces_parse(options->host_namespaces, &inner->world.host);
  if (result == 0)
    result = namespaces_read(0, &inner->world.outer);
  if (result == 0)
    result = identity_read("/proc/self/uid_map", &inner->world.uids);
  if (result == 0)
    result = identity_read("/proc/self/gid_map", &inner->world.gids);
  return result;
}

static int block_signals(struct inner *inner) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
    return -errno;
  inner->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  return inner->signals < 0 ? -errno : 0;
}

static int begin(struct inner *inner, const struct options *options, const char **part) {
  *part = "sanitise";
  int result = sanitise_self((int)options->inner);
  *part = "world";
  if (result == 0)
    result = read_world(inner, options);
  /* What lies outside the ground is opened before it is out of reach. */
  *part = "slot locks";
  if (result == 0)
    result = inner->locks = slot_lock_directory(options->socket);
  *part = "control groups";
  if (result >= 0)
    result = cgroup_open(&inner->world.cgroups, options->cgroup_root, options->cgroup_roots);
  if (result == 0)
    result = ground_make(options->slots_dir, options->slots, part);
  if (result == 0) {
    *part = "no_new_privs";
    result = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
  }
  if (result == 0)
    result = sanitise_hide();
  if (result == 0) {
    *part = "own filter";
    result = own_filter_install();
    inner->world.own_filters = 1;
  }
  return result < 0 ? result : block_signals(inner);
}

/* Children of another's time: whoever ended frees its slot by the end of its lock. */
static void reap(struct inner *inner) {
  struct signalfd_siginfo information;
  while (read(inner->signals, &information, sizeof information) == (ssize_t)sizeof information) {
  }
  while (waitpid(-1, NULL, WNOHANG) > 0)
    inner->running--;
}

static int take_slot(struct inner *inner, unsigned *slot) {
  for (unsigned tried = 0; tried < inner->world.options->slots; tried++) {
    *slot = (inner->next_slot + tried) % (unsigned)inner->world.options->slots;
    int lock = slot_lock_take(inner->locks, *slot);
    if (lock >= 0) {
      inner->next_slot = *slot + 1;
      return lock;
    }
    if (lock != -EWOULDBLOCK)
      return lock;
  }
  return -EWOULDBLOCK;
}

static _Noreturn void child(struct inner *inner, unsigned slot, int connection, int lock) {
  sigset_t none;
  sigemptyset(&none);
  const int keep[] = {connection, lock, inner->world.cgroups.root[0], inner->world.cgroups.root[1], inner->world.cgroups.root[2],
                      inner->world.cgroups.root[3]};
  if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || sanitise_keep(keep, sizeof keep / sizeof *keep) < 0)
    _exit(1);
  supervise(&inner->world, slot, connection);
}

static void serve_connection(struct inner *inner, int connection) {
  unsigned slot = 0;
  int lock = take_slot(inner, &slot);
  if (lock < 0) {
    (void)answer_refused(connection, "busy", "no free slot", monotonic_ns() + patience_ns);
    answer_close(connection, monotonic_ns() + patience_ns);
    return;
  }
  pid_t supervisor = fork();
  if (supervisor == 0)
    child(inner, slot, connection, lock);
  if (supervisor > 0)
    inner->running++;
  else
    diary_note("fork of a supervisor", errno);
  close(lock);
  close(connection);
}

static void take_channel(struct inner *inner) {
  struct message message;
  int descriptors[CHANNEL_DESCRIPTORS];
  int result = channel_receive(inner->channel, &message, descriptors);
  if (result < 0) {
    inner->draining = true;
    return;
  }
  if (descriptors[0] >= 0)
    serve_connection(inner, descriptors[0]);
}

int inner_run(const struct options *options) {
  static struct inner inner;
  const char *part = "";
  inner.channel = (int)options->inner;
  int result = begin(&inner, options, &part);
  if (result == 0)
    result = channel_tell(inner.channel, MESSAGE_DONE);
  if (result < 0) {
    diary_note(part, -result);
    return 1;
  }
  while (!inner.draining || inner.running > 0) {
    struct pollfd entries[] = {{.fd = inner.signals, .events = POLLIN}, {.fd = inner.draining ? -1 : inner.channel, .events = POLLIN}};
    if (poll(entries, 2, -1) < 0 && errno != EINTR)
      return 1;
    if (entries[0].revents != 0)
      reap(&inner);
    if (entries[1].revents != 0)
      take_channel(&inner);
  }
  return 0;
}
