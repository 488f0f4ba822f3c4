/* Root of the outer user namespace: makes the ground once, then keeps the pool filled and gives each connection to it. */
#include "inner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "answer.h"
#include "backlog.h"
#include "channel.h"
#include "diary.h"
#include "ground.h"
#include "landlock.h"
#include "monotonic.h"
#include "own_filter.h"
#include "pool.h"
#include "sanitise.h"
#include "slot_lock.h"

static const uint64_t patience_ns = 100000000;
/* How often the pool is looked at when nothing happens: slots that could not be filled, fewer that are wanted, memory. Milliseconds. */
enum { refill_ms = 1000 };

struct inner {
  struct world world;
  struct pool pool;
  struct backlog backlog;
  int channel;
  int locks;
  int signals;
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
    *part = "Landlock";
    result = landlock_restrict_launcher();
  }
  if (result >= 0) {
    *part = "own filter";
    result = own_filter_install();
    inner->world.own_filters = 1;
  }
  if (result == 0)
    result = pool_open(&inner->pool, &inner->world, inner->locks);
  return result < 0 ? result : block_signals(inner);
}

static void take_signals(struct inner *inner) {
  struct signalfd_siginfo information;
  while (read(inner->signals, &information, sizeof information) == (ssize_t)sizeof information) {
  }
  pool_reap(&inner->pool);
}

static void give_in_order(struct inner *inner) {
  while (backlog_first(&inner->backlog) >= 0 && pool_give(&inner->pool, backlog_first(&inner->backlog)) == 0)
    backlog_drop_first(&inner->backlog);
}

/* Whoever waits gets a slot, if there is one; only then is time for filling others. */
static void serve_backlog(struct inner *inner) {
  give_in_order(inner);
  pool_fill(&inner->pool, inner->backlog.count);
  give_in_order(inner);
  backlog_refuse(&inner->backlog, monotonic_ns(), "busy");
}

static void take_connection(struct inner *inner, int connection) {
  if (backlog_add(&inner->backlog, (unsigned)inner->world.options->slots, connection) == 0)
    return;
  (void)answer_refused(connection, "busy", "no free slot", monotonic_ns() + patience_ns);
  answer_close(connection, monotonic_ns() + patience_ns);
}

/* The end of the channel is the word to drain, and nothing else is: a message that could not be taken costs its sender one connection, which
 * ends by that. */
static void take_channel(struct inner *inner) {
  struct message message;
  int descriptors[CHANNEL_DESCRIPTORS];
  int result = channel_receive(inner->channel, &message, descriptors);
  if (result == 0 && descriptors[0] >= 0)
    take_connection(inner, descriptors[0]);
  if (result < 0 && result != -ENOTCONN)
    diary_note("a connection that could not be taken", -result);
  if (result != -ENOTCONN)
    return;
  inner->draining = true;
  pool_close(&inner->pool);
  backlog_refuse(&inner->backlog, UINT64_MAX, "draining");
}

static int shorter(int wait_ms, int other_ms) { return other_ms < 0 || wait_ms < other_ms ? wait_ms : other_ms; }

static void turn(struct inner *inner) {
  struct pollfd entries[] = {{.fd = inner->signals, .events = POLLIN}, {.fd = inner->draining ? -1 : inner->channel, .events = POLLIN}};
  if (!inner->draining)
    serve_backlog(inner);
  int wait_ms = inner->draining ? -1 : shorter(refill_ms, backlog_wait_ms(&inner->backlog, monotonic_ns()));
  (void)poll(entries, 2, wait_ms);
  if (entries[1].revents != 0)
    take_channel(inner);
  if (entries[0].revents != 0)
    take_signals(inner);
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
  while (!inner.draining || inner.pool.running > 0)
    turn(&inner);
  return 0;
}
