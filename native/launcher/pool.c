/* Forking, choosing, reaping. Nothing of a job or a worker is read here. */
#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "diary.h"
#include "monotonic.h"
#include "sanitise.h"
#include "slot_lock.h"

/* After a supervisor that ended before anybody asked for it: something is wrong, and haste would not mend it. */
static const uint64_t retry_after_ns = 1000000000;

int pool_open(struct pool *pool, const struct world *world, int locks) {
  size_t size = sizeof *pool->standby * world->options->slots;
  *pool = (struct pool){.world = world, .locks = locks, .room = {.roots = &world->cgroups, .wanted_bytes = world->options->waiting_room_bytes}};
  pool->standby = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (pool->standby == MAP_FAILED)
    return -errno;
  for (unsigned slot = 0; slot < OPTIONS_SLOTS; slot++)
    pool->entry[slot].channel = -1;
  return 0;
}

static _Noreturn void child(const struct pool *pool, unsigned slot, int channel, int lock) {
  const int *roots = pool->world->cgroups.root;
  const int keep[] = {channel, lock, roots[0], roots[1], roots[2], roots[3]};
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || sanitise_keep(keep, sizeof keep / sizeof *keep) < 0)
    _exit(1);
  supervise(pool->world, slot, channel, &pool->standby[slot]);
}

static int fork_supervisor(struct pool *pool, unsigned slot, int lock) {
  int ends[2];
  int result = channel_pair(ends);
  if (result < 0)
    return result;
  atomic_store(&pool->standby[slot].ready, false);
  pid_t pid = fork();
  if (pid == 0)
    child(pool, slot, ends[1], lock);
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return -EAGAIN;
  }
  pool->entry[slot] = (struct pool_entry){.pid = pid, .channel = ends[0]};
  pool->running++;
  return 0;
}

static bool fill_slot(struct pool *pool, unsigned slot) {
  if (pool->entry[slot].pid != 0 || pool->entry[slot].retry_ns > monotonic_ns())
    return false;
  int lock = slot_lock_take(pool->locks, slot);
  int result = lock < 0 ? lock : fork_supervisor(pool, slot, lock);
  if (lock >= 0)
    close(lock);
  if (result < 0 && result != -EWOULDBLOCK)
    diary_slot("fork of a supervisor", slot, -result);
  if (result < 0)
    pool->entry[slot].retry_ns = monotonic_ns() + retry_after_ns;
  return result == 0;
}

/* Its channel's end is the word to go. It is not missed: it has nothing to do. */
static void let_go(struct pool_entry *entry) {
  close(entry->channel);
  entry->channel = -1;
  entry->leaves = true;
}

static unsigned wanted_now(struct pool *pool, unsigned serving, unsigned connections) {
  uint64_t now = monotonic_ns();
  unsigned lately = demand_note(&pool->demand, serving + connections, now);
  unsigned idle = (unsigned)pool->world->options->waiting_slots;
  if (room_is_short(&pool->room, now))
    return connections;
  return lately > idle ? lately : idle;
}

void pool_fill(struct pool *pool, unsigned connections) {
  unsigned slots = (unsigned)pool->world->options->slots;
  unsigned waiting = 0;
  unsigned serving = 0;
  for (unsigned slot = 0; slot < slots; slot++) {
    const struct pool_entry *entry = &pool->entry[slot];
    waiting += entry->channel >= 0 ? 1 : 0;
    serving += entry->pid != 0 && entry->channel < 0 && !entry->leaves ? 1 : 0;
  }
  unsigned wanted = wanted_now(pool, serving, connections);
  for (unsigned slot = 0; slot < slots && waiting < wanted; slot++)
    waiting += fill_slot(pool, slot) ? 1 : 0;
  for (unsigned slot = slots; slot > 0 && waiting > wanted; slot--)
    if (pool->entry[slot - 1].channel >= 0) {
      let_go(&pool->entry[slot - 1]);
      waiting--;
    }
}

static int give_to(struct pool *pool, unsigned slot, int connection) {
  struct pool_entry *entry = &pool->entry[slot];
  const struct message message = {.kind = MESSAGE_CONNECTION};
  int result = channel_send(entry->channel, &message, &connection, 1);
  close(entry->channel);
  entry->channel = -1;
  return result;
}

/* The first in turn that waits, and is ready if that is wanted. Those that turn out to be dead are passed over. */
static int give_in_turn(struct pool *pool, int connection, bool ready) {
  unsigned slots = (unsigned)pool->world->options->slots;
  for (unsigned tried = 0; tried < slots; tried++) {
    unsigned slot = (pool->next + tried) % slots;
    if (pool->entry[slot].channel < 0 || (ready && !atomic_load(&pool->standby[slot].ready)))
      continue;
    if (give_to(pool, slot, connection) < 0)
      continue;
    pool->next = slot + 1;
    return 0;
  }
  return -EWOULDBLOCK;
}

int pool_give(struct pool *pool, int connection) {
  return give_in_turn(pool, connection, true) == 0 ? 0 : give_in_turn(pool, connection, false);
}

static void ended(struct pool *pool, pid_t pid) {
  pool->running--;
  for (unsigned slot = 0; slot < pool->world->options->slots; slot++) {
    struct pool_entry *entry = &pool->entry[slot];
    if (entry->pid != pid)
      continue;
    bool waited = entry->channel >= 0;
    if (waited)
      close(entry->channel);
    *entry = (struct pool_entry){.channel = -1, .retry_ns = waited ? monotonic_ns() + retry_after_ns : 0};
  }
}

void pool_reap(struct pool *pool) {
  for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
    ended(pool, pid);
}

void pool_close(struct pool *pool) {
  for (unsigned slot = 0; slot < pool->world->options->slots; slot++) {
    if (pool->entry[slot].channel >= 0)
      close(pool->entry[slot].channel);
    pool->entry[slot].channel = -1;
  }
}
