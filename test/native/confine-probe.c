/* confine-probe none|inner|front PORT
 *
 * What is left to a process that the launcher's own code (own_filter.c, landlock.c) has confined: one line a try, its name and the errno.
 * What the launcher would have opened before is opened before. PORT: of a TCP listener on the loopback. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "landlock.h"
#include "own_filter.h"

static void say(const char *name, long result) { dprintf(STDOUT_FILENO, "%s %d\n", name, result < 0 ? errno : 0); }

static socklen_t abstract(struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "confine-probe-%d", getpid());
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static int confine(const char *how) {
  if (strcmp(how, "none") == 0)
    return 0;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return -errno;
  int result = landlock_restrict_launcher();
  if (result < 0)
    return result;
  return strcmp(how, "front") == 0 ? own_filter_install_front() : own_filter_install();
}

static void try_processes(void) {
  long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0)
    _exit(0);
  say("fork", child);
  if (child > 0)
    (void)waitpid((pid_t)child, NULL, 0);
  say("kill", kill(getppid(), 0));
  say("keyring", syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -4 /* KEY_SPEC_USER_KEYRING */, 1));
  say("ptrace", syscall(SYS_ptrace, 0 /* PTRACE_TRACEME */, 0, 0, 0));
  char *const none[] = {NULL};
  say("execute", execve("/nonexistent", none, none));
}

int main(int count, char **words) {
  struct sockaddr_un address;
  struct sockaddr_in host = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (count != 3)
    return 2;
  host.sin_port = htons((uint16_t)atoi(words[2]));
  int tcp = socket(AF_INET, SOCK_STREAM, 0);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  int local = socket(AF_UNIX, SOCK_STREAM, 0);
  socklen_t size = abstract(&address);
  if (tcp < 0 || local < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 1) < 0)
    return 3;
  int result = confine(words[1]);
  if (result < 0) {
    dprintf(STDERR_FILENO, "confine: %s\n", strerror(-result));
    return 4;
  }
  say("tcp", connect(tcp, (struct sockaddr *)&host, sizeof host));
  say("abstract", connect(local, (struct sockaddr *)&address, size));
  say("open", open("/", O_RDONLY));
  say("socket", socket(AF_INET, SOCK_STREAM, 0));
  try_processes();
  return 0;
}
