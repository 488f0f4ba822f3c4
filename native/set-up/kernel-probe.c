/* Tries what the sandbox needs of this kernel and prints one line for each: `name yes`, `name no ERRNO call`, or `name NUMBER`.
 *
 *   kernel-probe [DIRECTORY]     DIRECTORY: where the image store is or will be
 *
 * Each probe is a process of its own. As root they run as nobody (the services are ordinary users too), but for the
 * id-mapped mount, which set-up makes as root; an ordinary user gets `unknown` for that one. Nothing is left behind. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mapped_tree.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { NOBODY = 65534, FIRST_ID = 1000000, IDS = 65536 };

static const char *store = "/var/lib";

static _Noreturn void no(const char *name, const char *call) {
  printf("%s no %s %s\n", name, strerrorname_np(errno), call);
  fflush(stdout);
  _exit(0);
}

static _Noreturn void yes(const char *name) {
  printf("%s yes\n", name);
  fflush(stdout);
  _exit(0);
}

static void write_or_no(const char *name, const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) < 0)
    no(name, path);
  close(file);
}

static void become_nobody(const char *name) {
  if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0))
    no(name, "setresuid");
  /* A change of ids makes a process not dumpable: its own /proc files would be root's. */
  if (prctl(PR_SET_DUMPABLE, 1) != 0)
    no(name, "prctl");
}

/* Root of a new user namespace, with the other namespaces asked for. */
static void enter(const char *name, int namespaces) {
  char map[64];
  unsigned user = geteuid();
  unsigned group = getegid();
  if (unshare(CLONE_NEWUSER | namespaces) != 0)
    no(name, "unshare");
  write_or_no(name, "/proc/self/setgroups", "deny");
  snprintf(map, sizeof map, "0 %u 1", user);
  write_or_no(name, "/proc/self/uid_map", map);
  snprintf(map, sizeof map, "0 %u 1", group);
  write_or_no(name, "/proc/self/gid_map", map);
}

static void mount_or_no(const char *name, const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
  if (mount(source, target, type, flags, data) != 0)
    no(name, type == NULL ? "mount" : type);
}

static void probe_namespace(const char *name, int namespaces) {
  become_nobody(name);
  enter(name, namespaces);
  yes(name);
}

static void private_tmp(const char *name) {
  mount_or_no(name, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
  mount_or_no(name, "tmpfs", "/tmp", "tmpfs", 0, "size=1m");
}

static void probe_overlay(const char *name, int unused) {
  (void)unused;
  become_nobody(name);
  enter(name, CLONE_NEWNS);
  private_tmp(name);
  if (mkdir("/tmp/l", 0755) != 0 || mkdir("/tmp/u", 0755) != 0 || mkdir("/tmp/w", 0755) != 0 || mkdir("/tmp/m", 0755) != 0)
    no(name, "mkdir");
  mount_or_no(name, "overlay", "/tmp/m", "overlay", 0, "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,userxattr");
  yes(name);
}

/* Refused where the host's own /proc has something mounted over parts of it, as in a container. */
static void probe_proc(const char *name, int unused) {
  (void)unused;
  become_nobody(name);
  enter(name, CLONE_NEWNS | CLONE_NEWPID);
  pid_t child = fork();
  if (child < 0)
    no(name, "fork");
  if (child == 0) {
    private_tmp(name);
    if (mkdir("/tmp/proc", 0755) != 0)
      no(name, "mkdir");
    mount_or_no(name, "proc", "/tmp/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    yes(name);
  }
  waitpid(child, NULL, 0);
  _exit(0);
}

static void probe_seccomp(const char *name, int unused) {
  (void)unused;
  const unsigned action = SECCOMP_RET_KILL_PROCESS;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0)
    no(name, "seccomp");
  yes(name);
}

static void probe_landlock(const char *name, int unused) {
  (void)unused;
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  printf("%s %ld\n", name, abi < 0 ? 0 : abi);
  fflush(stdout);
  _exit(0);
}

static void probe_clone3(const char *name, int unused) {
  (void)unused;
  if (syscall(SYS_clone3, NULL, 0) == -1 && errno != ENOSYS)
    yes(name);
  no(name, "clone3");
}

/* An overlay whose lower layer is an id-mapped mount: Linux 5.19, and a file system that bears it. */
static void probe_mapped_store(const char *name, int unused) {
  (void)unused;
  const char *call = NULL;
  if (geteuid() != 0) {
    printf("%s unknown\n", name);
    fflush(stdout);
    _exit(0);
  }
  if (unshare(CLONE_NEWNS) != 0)
    no(name, "unshare");
  int tree = mapped_tree(store, FIRST_ID, FIRST_ID + IDS, IDS, &call);
  if (tree < 0)
    no(name, call);
  private_tmp(name);
  if (mkdir("/tmp/l", 0755) != 0 || mkdir("/tmp/u", 0755) != 0 || mkdir("/tmp/w", 0755) != 0 || mkdir("/tmp/m", 0755) != 0)
    no(name, "mkdir");
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, "/tmp/l", MOVE_MOUNT_F_EMPTY_PATH) != 0)
    no(name, "move_mount");
  mount_or_no(name, "overlay", "/tmp/m", "overlay", 0, "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w");
  yes(name);
}

static const struct {
  const char *name;
  void (*probe)(const char *name, int namespaces);
  int namespaces;
} probes[] = {
    {"user-namespace", probe_namespace, 0},
    {"mount-namespace", probe_namespace, CLONE_NEWNS},
    {"pid-namespace", probe_namespace, CLONE_NEWPID},
    {"network-namespace", probe_namespace, CLONE_NEWNET},
    {"ipc-namespace", probe_namespace, CLONE_NEWIPC},
    {"uts-namespace", probe_namespace, CLONE_NEWUTS},
    {"cgroup-namespace", probe_namespace, CLONE_NEWCGROUP},
    {"time-namespace", probe_namespace, CLONE_NEWTIME},
    {"overlay-in-user-namespace", probe_overlay, 0},
    {"proc-in-user-namespace", probe_proc, 0},
    {"id-mapped-store", probe_mapped_store, 0},
    {"clone3", probe_clone3, 0},
    {"seccomp", probe_seccomp, 0},
    {"landlock", probe_landlock, 0},
};

int main(int argc, char **argv) {
  if (argc > 1)
    store = argv[1];
  for (size_t at = 0; at < sizeof probes / sizeof *probes; at++) {
    int status = 0;
    pid_t child = fork();
    if (child < 0)
      no(probes[at].name, "fork");
    if (child == 0)
      probes[at].probe(probes[at].name, probes[at].namespaces);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
      printf("%s no EINTR probe\n", probes[at].name);
    fflush(stdout);
  }
  return 0;
}
