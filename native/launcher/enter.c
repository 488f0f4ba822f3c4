/* Enters the outer user namespace, and executes the program again there.
 *
 * The second exec matters: mm->user_ns of a process is that of its last exec. Made again inside, the /proc files of our
 * non-dumpable children belong to root of the outer namespace (the supervisor) and not to the host's root, and ptrace
 * access checks for reading them back are made against the outer namespace. */
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "diary.h"
#include "identity.h"
#include "namespaces.h"

enum { WORDS = 128 };

static int become_inner_root(void) {
  if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
    return -errno;
  /* Not the pid namespace: supervisors must outlive this process. */
  return unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) == 0 ? 0 : -errno;
}

static int execute_again(int count, char **words, int channel, const struct namespaces *host) {
  char *again[WORDS];
  char namespaces[256];
  char number[16];
  char *const none[] = {NULL};
  static char option_namespaces[] = "--host-namespaces";
  static char option_inner[] = "--inner";
  if (count + 5 > WORDS)
    return -E2BIG;
  memcpy(again, words, (size_t)count * sizeof *words);
  namespaces_print(host, namespaces);
  snprintf(number, sizeof number, "%d", channel);
  again[count] = option_namespaces;
  again[count + 1] = namespaces;
  again[count + 2] = option_inner;
  again[count + 3] = number;
  again[count + 4] = NULL;
  if (fcntl(channel, F_SETFD, 0) < 0)
    return -errno;
  execve("/proc/self/exe", again, none);
  return -errno;
}

static _Noreturn void child(int count, char **words, int channel) {
  struct message message;
  struct namespaces host;
  const char *part = "host namespaces";
  int result = namespaces_read(0, &host);
  if (result == 0) {
    part = "unshare user";
    result = unshare(CLONE_NEWUSER) == 0 ? 0 : -errno;
  }
  if (result == 0)
    result = channel_tell(channel, MESSAGE_ALIVE);
  if (result == 0)
    result = channel_receive(channel, &message, NULL);
  if (result == 0) {
    part = "root of the outer namespace";
    result = become_inner_root();
  }
  if (result == 0) {
    part = "execute again";
    result = execute_again(count, words, channel, &host);
  }
  diary_note(part, -result);
  _exit(1);
}

pid_t enter_start(int count, char **words, int *channel) {
  int ends[2];
  struct message message;
  int result = channel_pair(ends);
  if (result < 0)
    return result;
  pid_t inner = fork();
  if (inner < 0)
    return -errno;
  if (inner == 0) {
    close(ends[0]);
    child(count, words, ends[1]);
  }
  close(ends[1]);
  *channel = ends[0];
  result = channel_receive(ends[0], &message, NULL);
  if (result == 0)
    result = identity_map_outer(inner);
  if (result == 0)
    result = channel_tell(ends[0], MESSAGE_MAPPED);
  if (result == 0)
    result = channel_receive(ends[0], &message, NULL);
  return result < 0 ? result : inner;
}
