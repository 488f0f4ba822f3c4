/* mount_setattr(2), section "ID-mapped mounts": the map is that of a user namespace made for it. */
#define _GNU_SOURCE
#include "mapped_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_BYTES = 96 };

static int write_file(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return -1;
  ssize_t written = write(file, text, strlen(text));
  int saved = errno;
  close(file);
  errno = saved;
  return written == (ssize_t)strlen(text) ? 0 : -1;
}

static int write_maps(pid_t child, uint32_t from, uint32_t to, uint32_t count) {
  char path[TEXT_BYTES];
  char map[TEXT_BYTES]; /* both long enough for the largest numbers */
  snprintf(map, sizeof map, "%u %u %u", from, to, count);
  snprintf(path, sizeof path, "/proc/%d/uid_map", child);
  if (write_file(path, map) != 0)
    return -1;
  snprintf(path, sizeof path, "/proc/%d/gid_map", child);
  return write_file(path, map);
}

static _Noreturn void wait_for_end(int gate_read, int gate_write) {
  char byte;
  close(gate_write);
  _exit(read(gate_read, &byte, 1) == 0 ? 0 : 1);
}

/* A user namespace that exists only to carry the map: its one process waits until the descriptor is open. */
static int map_descriptor(uint32_t from, uint32_t to, uint32_t count) {
  int gate[2];
  if (pipe2(gate, O_CLOEXEC) != 0)
    return -1;
  pid_t child = (pid_t)syscall(SYS_clone, (unsigned long)(CLONE_NEWUSER | SIGCHLD), 0UL, NULL, NULL, 0UL);
  if (child == 0)
    wait_for_end(gate[0], gate[1]);
  int descriptor = -1;
  if (child > 0 && write_maps(child, from, to, count) == 0) {
    char path[TEXT_BYTES];
    snprintf(path, sizeof path, "/proc/%d/ns/user", child);
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
  }
  int saved = errno;
  close(gate[0]);
  close(gate[1]);
  if (child > 0)
    waitpid(child, NULL, 0);
  errno = saved;
  return descriptor;
}

static int close_with(int descriptor, int saved) {
  close(descriptor);
  errno = saved;
  return -1;
}

int mapped_tree(const char *directory, uint32_t from, uint32_t to, uint32_t count, const char **call) {
  *call = "open_tree";
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0)
    return -1;
  *call = "user namespace of the map";
  int map = map_descriptor(from, to, count);
  if (map < 0)
    return close_with(tree, errno);
  struct mount_attr attributes = {
      .attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
      .userns_fd = (unsigned)map,
  };
  *call = "mount_setattr";
  long result = syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
  int saved = errno;
  close(map);
  return result == 0 ? tree : close_with(tree, saved);
}
