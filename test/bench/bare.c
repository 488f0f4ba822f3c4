// The bare work of the kernel for one sandbox, with nothing of ours around it: what a cold sandbox is measured against.
//   bare COUNT PAUSE ROOT
// Seven new namespaces in one clone(2) (user, mount, pid, net, ipc, uts, cgroup), one line each of uid_map and gid_map, a tmpfs
// with upper and work directory, an overlay of ROOT, /proc, pivot_root, /bin/true; wait until it is gone. No control group, no filter,
// no Landlock, no limit, no descriptor closed, nothing read back. Not a sandbox: a ruler.
// Run by an ordinary user: the mounts are made in the user namespace, as ours are (userxattr: Documentation/filesystems/overlayfs.rst).
#define _GNU_SOURCE
#include "stop-watch.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_BYTES = 65536, LINE_BYTES = 8192 };
static const char *const scratch = "/tmp";

struct ruler {
  const char *root;
  uid_t uid;
  gid_t gid;
};

static void put(const char *path, const char *text) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0 || write(descriptor, text, strlen(text)) != (ssize_t)strlen(text) || close(descriptor) != 0) fail(path);
}

static void map_ids(const struct ruler *ruler) {
  char line[64];
  put("/proc/self/setgroups", "deny"); // without it an ordinary user may not write gid_map: user_namespaces(7)
  snprintf(line, sizeof line, "0 %u 1", ruler->uid);
  put("/proc/self/uid_map", line);
  snprintf(line, sizeof line, "0 %u 1", ruler->gid);
  put("/proc/self/gid_map", line);
}

static void build_root(const struct ruler *ruler) {
  char words[LINE_BYTES];
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail("mount private");
  if (mount("tmpfs", scratch, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) fail("mount tmpfs");
  if (chdir(scratch) != 0 || mkdir("upper", 0755) != 0 || mkdir("work", 0755) != 0 || mkdir("root", 0755) != 0) fail("mkdir");
  int length = snprintf(words, sizeof words, "lowerdir=%s,upperdir=upper,workdir=work,userxattr", ruler->root);
  if (length < 0 || (size_t)length >= sizeof words) { errno = ENAMETOOLONG; fail(ruler->root); }
  if (mount("overlay", "root", "overlay", MS_NOSUID | MS_NODEV, words) != 0) fail("mount overlay");
  if (mount("proc", "root/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) fail("mount proc");
  if (chdir("root") != 0 || syscall(SYS_pivot_root, ".", ".") != 0) fail("pivot_root");
  if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) fail("umount");
}

static int inside(void *context) {
  static char *const argv[] = {"/bin/true", NULL};
  static char *const environment[] = {NULL};
  const struct ruler *ruler = context;
  map_ids(ruler);
  build_root(ruler);
  execve(argv[0], argv, environment);
  fail(argv[0]);
  return 1;
}

static void run(void *context) {
  static char stack[STACK_BYTES] __attribute__((aligned(16)));
  const int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  pid_t child = clone(inside, stack + sizeof stack, flags | SIGCHLD, context);
  if (child < 0) fail("clone");
  int status = 0;
  if (waitpid(child, &status, 0) != child) fail("waitpid");
  if (status != 0) { fprintf(stderr, "bare: ended with status %d\n", status); exit(1); }
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: bare COUNT PAUSE ROOT\n");
    return 2;
  }
  struct ruler ruler = {.root = argv[3], .uid = getuid(), .gid = getgid()};
  time_runs(argv[1], argv[2], run, &ruler);
  return 0;
}
