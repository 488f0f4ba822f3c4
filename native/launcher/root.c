/* Mounts in order, each by descriptor and with its flags set before it can be reached. Everything fails closed. */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ground.h"
#include "mount_call.h"

static int failed(struct failure *failure, enum stage stage, int result, int index) {
  if (result >= 0)
    return 0;
  *failure = (struct failure){.stage = stage, .error = -result, .index = index};
  return -1;
}

/* Makes and attaches in one go. */
static int attach(const char *type, const char *const *options, uint64_t attributes, const char *where) {
  int mount = mount_make(type, options, attributes);
  if (mount < 0)
    return mount;
  int result = mount_move(mount, AT_FDCWD, where);
  close(mount);
  return result;
}

/* Where files of the job go: limited in bytes and inodes, and charged to it as memory. */
static int make_disk(const struct sandbox_plan *plan) {
  char size[32];
  char inodes[32];
  snprintf(size, sizeof size, "%" PRIu64, plan->disk_bytes);
  snprintf(inodes, sizeof inodes, "%" PRIu64, plan->disk_inodes);
  const char *const options[] = {"size", size, "nr_inodes", inodes, "mode", "0755", NULL};
  int result = attach("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "/disk");
  if (result == 0 && (mkdir("/disk/upper", 0755) < 0 || mkdir("/disk/work", 0755) < 0))
    result = -errno;
  return result;
}

static int make_overlay(unsigned slot, const struct sandbox_plan *plan) {
  char lower[128];
  snprintf(lower, sizeof lower, "/slots/%u/%s/rootfs", slot, plan->image);
  const char *const options[] = {"lowerdir", lower, "upperdir", "/disk/upper", "workdir", "/disk/work", "userxattr", "", NULL};
  return attach("overlay", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "/new");
}

/* A place to mount on, in the image or made now. One that is a link is refused, wherever it leads (CVE-2023-27561, CVE-2026-41579). */
static int mount_point(const char *path) {
  struct stat status;
  if (mkdir(path, 0755) < 0 && errno != EEXIST)
    return -errno;
  if (lstat(path, &status) < 0)
    return -errno;
  return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

/* New processes see no host process; mask and read-only parts come on top. `subset=pid` removes all but the process directories. */
static int make_proc(const struct sandbox_plan *plan) {
  const uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (plan->proc_pid_only)
    return attach("proc", (const char *const[]){"subset", "pid", "hidepid", "ptraceable", NULL}, flags, "/new/proc");
  return attach("proc", (const char *const[]){NULL}, flags, "/new/proc");
}

/* A process in the sandbox must not make a namespace in which it is root (user_namespaces(7)). The sysctl is that of the opener's
 * own user namespace, whichever proc it is reached through. */
static int forbid_namespaces(void) {
  static const char *const kinds[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"};
  for (unsigned at = 1; at <= sizeof kinds / sizeof *kinds; at++) {
    /* The cgroup namespace is made by each job, after this: one is left, for the job itself. */
    const char *kind = kinds[at % (sizeof kinds / sizeof *kinds)];
    char path[64];
    snprintf(path, sizeof path, "/proc/sys/user/max_%s_namespaces", kind);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
      return -errno;
    const char *value = strcmp(kind, "cgroup") == 0 ? "64" : "0";
    ssize_t wrote = write(file, value, strlen(value));
    int error = errno;
    close(file);
    if (wrote < 0)
      return -error;
  }
  return 0;
}

static int read_only(const char *path) {
  int tree = mount_clone(AT_FDCWD, path, true);
  if (tree < 0)
    return tree;
  int result = mount_flags(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, true);
  if (result == 0)
    result = mount_move(tree, AT_FDCWD, path);
  close(tree);
  return result;
}

static int mask(const struct ground_mask *what) {
  char path[96];
  struct stat status;
  snprintf(path, sizeof path, "/new/proc/%s", what->name);
  if (lstat(path, &status) < 0)
    return errno == ENOENT ? 0 : -errno;
  int tree = mount_clone(AT_FDCWD, what->directory ? "/directory" : "/file", false);
  if (tree < 0)
    return tree;
  int result = mount_move(tree, AT_FDCWD, path);
  close(tree);
  return result;
}

static int make_devices(const struct sandbox_plan *plan) {
  int tree = mount_clone(AT_FDCWD, "/dev", true);
  if (tree < 0)
    return tree;
  int result = mount_move(tree, AT_FDCWD, "/new/dev");
  close(tree);
  const uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  if (result == 0)
    result = attach("devpts", (const char *const[]){"newinstance", "", "ptmxmode", "0666", "mode", "0620", "max", "64", NULL}, flags, "/new/dev/pts");
  char size[32];
  snprintf(size, sizeof size, "%" PRIu64, plan->disk_bytes);
  const char *const options[] = {"size", size, "nr_inodes", "1024", "mode", "1777", NULL};
  if (result == 0)
    result = attach("tmpfs", options, flags | MOUNT_ATTR_NODEV, "/new/dev/shm");
  return result;
}

/* Old root on top of new, then dropped: no path leads back (pivot_root(2)). */
static int pivot(void) {
  if (chdir("/new") < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
    return -errno;
  return umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 ? 0 : -errno;
}

/* The ground is private already; a copy of it in another user namespace could only be a slave. Said again, since all else rests on it. */
static int make_private(void) {
  struct mount_attr private = {.propagation = MS_PRIVATE};
  return mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof private) == 0 ? 0 : -errno;
}

int root_build(unsigned slot, const struct sandbox_plan *plan, struct failure *failure) {
  if (failed(failure, STAGE_MOUNT_PRIVATE, make_private(), 0) < 0)
    return -1;
  if (failed(failure, STAGE_DISK, make_disk(plan), 0) < 0)
    return -1;
  if (failed(failure, STAGE_OVERLAY, make_overlay(slot, plan), 0) < 0)
    return -1;
  static const char *const points[] = {"/new/proc", "/new/dev", "/new/tmp"};
  for (int at = 0; at < 3; at++)
    if (failed(failure, STAGE_MOUNT_POINT, mount_point(points[at]), at) < 0)
      return -1;
  if (failed(failure, STAGE_PROC, make_proc(plan), 0) < 0)
    return -1;
  if (!plan->proc_pid_only) {
    for (int at = 0; ground_masks[at].name != NULL; at++)
      if (failed(failure, STAGE_PROC_MASK, mask(&ground_masks[at]), at) < 0)
        return -1;
    if (failed(failure, STAGE_PROC_MASK, read_only("/new/proc/sys"), -1) < 0)
      return -1;
  }
  if (failed(failure, STAGE_DEVICES, make_devices(plan), 0) < 0)
    return -1;
  /* After the last mount: an unattached mount counts as a mount namespace (fs/namespace.c, alloc_mnt_ns). */
  if (failed(failure, STAGE_NAMESPACE_LIMIT, forbid_namespaces(), 0) < 0)
    return -1;
  return failed(failure, STAGE_PIVOT, pivot(), 0);
}
