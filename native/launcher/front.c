/* Listening, peer check, handing over, drain. Never parses a byte of what a peer sends. */
#include "front.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "cgroup.h"
#include "channel.h"
#include "diary.h"
#include "enter.h"
#include "landlock.h"
#include "monotonic.h"
#include "own_filter.h"
#include "sanitise.h"
#include "slot_lock.h"

enum { BACKLOG = 512 };
static const uint64_t patience_ns = 100000000;

struct front {
  const struct options *options;
  int listener;
  int channel; /* to the inner process */
  int signals;
  pid_t inner;
  bool draining;
};

static int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  if (unlink(path) < 0 && errno != ENOENT)
    return -errno;
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0)
    return -errno;
  /* Who may connect is decided by the directory (0750, the worker's group) and by SO_PEERCRED on each connection. */
  mode_t before = umask(0111);
  int result = bind(listener, (struct sockaddr *)&address, sizeof address);
  umask(before);
  if (result == 0 && listen(listener, BACKLOG) == 0)
    return listener;
  result = -errno;
  close(listener);
  return result;
}

/* Kills what a launcher before us left in slots that nobody holds. Done here: to the old outer user namespace only its
 * owner in the parent namespace has any right (user_namespaces(7)), which is this process, not the new inner one. */
static int sweep(const struct options *options) {
  struct cgroup_roots roots;
  int directory = slot_lock_directory(options->socket);
  int result = directory < 0 ? directory : cgroup_open(&roots, options->cgroup_root, options->cgroup_roots);
  if (result == 0)
    result = cgroup_driver(&roots)->begin(&roots);
  for (unsigned number = 0; result == 0 && number < options->slots; number++) {
    int lock = slot_lock_take(directory, number);
    if (lock == -EWOULDBLOCK)
      continue;
    struct cgroup_slot slot;
    cgroup_slot_init(&slot, &roots, number);
    result = lock < 0 ? lock : cgroup_driver(&roots)->slot_make(&slot);
    cgroup_slot_close(&slot);
    close(lock);
  }
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS && directory >= 0; controller++)
    if (roots.root[controller] >= 0)
      close(roots.root[controller]);
  close(directory);
  return result;
}

static bool is_peer(const struct options *options, int connection) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
    return false;
  for (unsigned at = 0; at < options->peers; at++)
    if (options->peer_uid[at] == peer.uid)
      return true;
  return false;
}

static void take_connection(struct front *front) {
  int connection = accept4(front->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection < 0) {
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
      diary_note("accept", errno);
    return;
  }
  struct message message = {.kind = MESSAGE_CONNECTION};
  if (!is_peer(front->options, connection)) {
    (void)answer_refused(connection, "peer", "this uid may not use the launcher", monotonic_ns() + patience_ns);
    diary_note("a peer was refused", 0);
  } else if (channel_send(front->channel, &message, &connection, 1) < 0) {
    diary_note("handing a connection over", EPIPE);
  }
  close(connection);
}

/* No new connection; the inner process sees the end of our channel, lets running sandboxes end, and exits. */
static void drain(struct front *front) {
  if (front->draining)
    return;
  front->draining = true;
  diary_note("draining", 0);
  (void)unlink(front->options->socket);
  close(front->listener);
  front->listener = -1;
  (void)shutdown(front->channel, SHUT_WR);
}

/* Returns -1 to go on, or the exit status. */
static int take_signals(struct front *front) {
  struct signalfd_siginfo information;
  while (read(front->signals, &information, sizeof information) == (ssize_t)sizeof information)
    if (information.ssi_signo != SIGCHLD)
      drain(front);
  int status = 0;
  if (waitpid(front->inner, &status, WNOHANG) != front->inner)
    return -1;
  bool clean = front->draining && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!clean)
    diary_note("the inner process is gone", 0);
  return clean ? 0 : 1;
}

static int serve(struct front *front) {
  for (;;) {
    struct pollfd entries[] = {{.fd = front->signals, .events = POLLIN}, {.fd = front->listener, .events = POLLIN}};
    if (poll(entries, 2, -1) < 0 && errno != EINTR)
      return 1;
    int status = entries[0].revents != 0 ? take_signals(front) : -1;
    if (status >= 0)
      return status;
    if (entries[1].revents != 0 && front->listener >= 0)
      take_connection(front);
  }
}

static int block_signals(void) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGCHLD);
  if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
    return -errno;
  int signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  return signals < 0 ? -errno : signals;
}

/* Everything is open that will ever be needed. Not a network namespace of its own: to make one it would have to be root of a user
 * namespace, and then neither see its peers' uids nor have any right to what an earlier launcher left (sweep). */
static int confine(const char **part) {
  *part = "Landlock";
  int result = landlock_restrict_launcher();
  if (result == 0)
    diary_note("this kernel's Landlock has no network rules", 0);
  *part = "own filter";
  return result < 0 ? result : own_filter_install_front();
}

static int start(struct front *front, int count, char **words, const char **part) {
  *part = "sanitise";
  int result = sanitise_self(-1);
  if (result < 0)
    return result;
  *part = "control groups";
  result = sweep(front->options);
  if (result < 0)
    return result;
  *part = "outer user namespace";
  front->inner = enter_start(count, words, &front->channel);
  if (front->inner < 0)
    return front->inner;
  /* Only now: newuidmap is set-uid, and would have gained nothing under no_new_privs. */
  *part = "no_new_privs";
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return -errno;
  *part = "hide";
  result = sanitise_hide();
  if (result < 0)
    return result;
  *part = "signals";
  front->signals = block_signals();
  if (front->signals < 0)
    return front->signals;
  *part = "socket";
  front->listener = listen_at(front->options->socket);
  if (front->listener < 0)
    return front->listener;
  return confine(part);
}

int front_run(const struct options *options, int count, char **words) {
  struct front front = {.options = options, .listener = -1, .channel = -1, .signals = -1};
  const char *part = "";
  int result = start(&front, count, words, &part);
  if (result < 0) {
    diary_note(part, -result);
    return 1;
  }
  return serve(&front);
}
