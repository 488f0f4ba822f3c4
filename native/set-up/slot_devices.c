/* Made and filled while detached, so that it is there whole or not at all. */
#define _GNU_SOURCE
#include "slot_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Documentation/admin-guide/devices.txt. The launcher looks at each again before it uses one (native/launcher/ground.c). */
static const struct {
  const char *name;
  unsigned major;
  unsigned minor;
} nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}};

static const char *const links[][2] = {{"fd", "/proc/self/fd"},
                                       {"stdin", "/proc/self/fd/0"},
                                       {"stdout", "/proc/self/fd/1"},
                                       {"stderr", "/proc/self/fd/2"},
                                       {"ptmx", "pts/ptmx"}};

static const char *const points[] = {"pts", "shm"};

enum {
  NODES = sizeof nodes / sizeof *nodes,
  LINKS = sizeof links / sizeof *links,
  POINTS = sizeof points / sizeof *points,
  INODES_PER_SLOT = NODES + LINKS + POINTS + 1,
};

static int make_directory(int at, const char *name) { return mkdirat(at, name, 0755) == 0 ? fchmodat(at, name, 0755, 0) : -1; }

static int make_node(int at, unsigned row) {
  if (mknodat(at, nodes[row].name, S_IFCHR | 0666, makedev(nodes[row].major, nodes[row].minor)) != 0)
    return -1;
  return fchmodat(at, nodes[row].name, 0666, 0);
}

static int fill_slot(int at) {
  for (unsigned row = 0; row < NODES; row++)
    if (make_node(at, row) != 0)
      return -1;
  for (unsigned row = 0; row < LINKS; row++)
    if (symlinkat(links[row][1], at, links[row][0]) != 0)
      return -1;
  for (unsigned row = 0; row < POINTS; row++)
    if (make_directory(at, points[row]) != 0)
      return -1;
  return 0;
}

static int fill(int tree, uint32_t slots) {
  char name[16];
  for (uint32_t slot = 0; slot < slots; slot++) {
    snprintf(name, sizeof name, "%u", slot);
    if (make_directory(tree, name) != 0)
      return -1;
    int at = openat(tree, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (at < 0)
      return -1;
    int result = fill_slot(at);
    int saved = errno;
    close(at);
    errno = saved;
    if (result != 0)
      return -1;
  }
  return 0;
}

/* The size that the file system may have, in inodes: nothing is ever written to it. */
static int configure(int context, uint32_t slots) {
  char inodes[32];
  snprintf(inodes, sizeof inodes, "%llu", (unsigned long long)slots * INODES_PER_SLOT + 16);
  const char *const options[][2] = {{"size", "1m"}, {"nr_inodes", inodes}, {"mode", "0755"}};
  for (unsigned row = 0; row < sizeof options / sizeof *options; row++)
    if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, options[row][0], options[row][1], 0) != 0)
      return -1;
  return (int)syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static int make_mount(uint32_t slots, const char **call) {
  *call = "fsopen";
  int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
  if (context < 0)
    return -1;
  *call = "fsconfig";
  int tree = -1;
  if (configure(context, slots) == 0) {
    *call = "fsmount";
    tree = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  }
  int saved = errno;
  close(context);
  errno = saved;
  return tree;
}

int slot_devices(uint32_t slots, const char **call) {
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
  int tree = make_mount(slots, call);
  if (tree < 0)
    return -1;
  *call = "device nodes";
  if (fill(tree, slots) == 0) {
    *call = "mount_setattr";
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0)
      return tree;
  }
  int saved = errno;
  close(tree);
  errno = saved;
  return -1;
}
