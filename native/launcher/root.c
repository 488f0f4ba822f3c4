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

/* Where files of the job go: limited in bytes and inodes, and charged to it as memory. Its size comes with the plan. */
static int make_disk(void) {
  const char *const options[] = {"size", "64k", "nr_inodes", "16", "mode", "0755", NULL};
  return attach("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "/disk");
}

/* `path` is where the disk, or a directory of it, is mounted. */
static int resize_disk(struct root *root, const char *path, const struct sandbox_plan *plan) {
  char size[32];
  char count[32];
  snprintf(size, sizeof size, "%" PRIu64, plan->disk_bytes);
  snprintf(count, sizeof count, "%" PRIu64, plan->disk_inodes);
  root->disk_bytes = plan->disk_bytes;
  root->disk_inodes = plan->disk_inodes;
  return mount_change(path, (const char *const[]){"size", size, "nr_inodes", count, NULL});
}

static int make_overlay(unsigned slot, const char *image) {
  char lower[128];
  snprintf(lower, sizeof lower, "/slots/%u/%s/rootfs", slot, image);
  const char *const options[] = {"lowerdir", lower, "upperdir", "/disk/upper", "workdir", "/disk/work", "userxattr", "", NULL};
  if (mkdir("/disk/upper", 0755) < 0 || mkdir("/disk/work", 0755) < 0)
    return -errno;
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

/* A new one shows no host process. Masks and read-only parts come on top. */
static int make_proc(void) {
  return attach("proc", (const char *const[]){NULL}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, "/stage/proc");
}

/* A process in the sandbox must not make a namespace in which it is root (user_namespaces(7)). The sysctl is that of the opener's
 * own user namespace, whichever proc it is reached through. */
static int forbid_namespace(const char *kind, const char *value) {
  char path[64];
  snprintf(path, sizeof path, "/proc/sys/user/max_%s_namespaces", kind);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return -errno;
  int result = write(file, value, strlen(value)) < 0 ? -errno : 0;
  close(file);
  return result;
}

/* All but the mount namespaces: an unattached mount counts as one (fs/namespace.c, alloc_mnt_ns), and more are to be made. */
static int forbid_most_namespaces(void) {
  static const char *const kinds[] = {"user", "pid", "net", "ipc", "uts", "time"};
  int result = 0;
  for (unsigned at = 0; result == 0 && at < sizeof kinds / sizeof *kinds; at++)
    result = forbid_namespace(kinds[at], "0");
  /* Each job makes one of these for itself, after this. */
  return result < 0 ? result : forbid_namespace("cgroup", "64");
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

/* Looked at before: a mount that is made and finds no place costs an RCU grace period when it is let go (fs/namespace.c, dissolve_on_fput). */
static int mask(const struct ground_mask *what) {
  char path[96];
  struct stat status;
  snprintf(path, sizeof path, "/stage/proc/%s", what->name);
  if (lstat(path, &status) < 0)
    return errno == ENOENT ? 0 : -errno;
  int tree = mount_clone(AT_FDCWD, what->directory ? "/directory" : "/file", false);
  if (tree < 0)
    return tree;
  int result = mount_move(tree, AT_FDCWD, path);
  close(tree);
  return result;
}

static int mask_all(struct failure *failure) {
  for (int at = 0; ground_masks[at].name != NULL; at++)
    if (failed(failure, STAGE_PROC_MASK, mask(&ground_masks[at]), at) < 0)
      return -1;
  return failed(failure, STAGE_PROC_MASK, read_only("/stage/proc/sys"), -1);
}

/* Shared memory is files like any others: a directory of the disk, so that both together are bounded and counted once. */
static int make_shared_memory(uint64_t attributes) {
  if (mkdir("/disk/shm", 01777) < 0 || chmod("/disk/shm", 01777) < 0)
    return -errno;
  int tree = mount_clone(AT_FDCWD, "/disk/shm", false);
  if (tree < 0)
    return tree;
  int result = mount_flags(tree, attributes, false);
  if (result == 0)
    result = mount_move(tree, AT_FDCWD, "/stage/dev/shm");
  close(tree);
  return result;
}

/* Inodes of this slot alone: on shared ones, a lock or a watch would be a channel to other jobs and to the host. */
static int make_devices(unsigned slot) {
  char from[32];
  snprintf(from, sizeof from, "/devices/%u", slot);
  int tree = mount_clone(AT_FDCWD, from, false);
  if (tree < 0)
    return tree;
  int result = mount_move(tree, AT_FDCWD, "/stage/dev");
  close(tree);
  const uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  static const char *const terminals[] = {"newinstance", "", "ptmxmode", "0666", "mode", "0620", "max", "64", NULL};
  if (result == 0)
    result = attach("devpts", terminals, flags, "/stage/dev/pts");
  return result < 0 ? result : make_shared_memory(flags | MOUNT_ATTR_NODEV);
}

/* With all that is mounted on it. */
static int move_tree(const char *from, const char *to) {
  return move_mount(AT_FDCWD, from, AT_FDCWD, to, 0) == 0 ? 0 : -errno;
}

/* `subset=pid` removes all but the process directories: another mount, since the option cannot be changed later. */
static int place_proc(const struct sandbox_plan *plan) {
  if (!plan->proc_pid_only)
    return move_tree("/stage/proc", "/new/proc");
  static const char *const options[] = {"subset", "pid", "hidepid", "ptraceable", NULL};
  return attach("proc", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, "/new/proc");
}

/* The old root is then mounted on top of the new one, which is "/" already for every process of the sandbox (pivot_root(2)). Our working
 * directory is the old root's own. */
static int pivot(void) { return chdir("/new") == 0 && syscall(SYS_pivot_root, ".", ".") == 0 ? 0 : -errno; }

/* The ground is private already; a copy of it in another user namespace could only be a slave. Said again, since all else rests on it. */
static int make_private(void) {
  struct mount_attr private = {.propagation = MS_PRIVATE};
  return mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof private) == 0 ? 0 : -errno;
}

/* The image and the places in it that are mounted on. */
static int make_image(unsigned slot, const char *image, struct failure *failure) {
  static const char *const points[] = {"/new/proc", "/new/dev", "/new/tmp"};
  if (failed(failure, STAGE_OVERLAY, make_overlay(slot, image), 0) < 0)
    return -1;
  for (int at = 0; at < 3; at++)
    if (failed(failure, STAGE_MOUNT_POINT, mount_point(points[at]), at) < 0)
      return -1;
  return 0;
}

int root_prepare(const struct root *root, struct failure *failure) {
  if (failed(failure, STAGE_MOUNT_PRIVATE, make_private(), 0) < 0)
    return -1;
  if (failed(failure, STAGE_DISK, make_disk(), 0) < 0)
    return -1;
  if (failed(failure, STAGE_PROC, make_proc(), 0) < 0)
    return -1;
  if (mask_all(failure) < 0)
    return -1;
  if (failed(failure, STAGE_DEVICES, make_devices(root->slot), 0) < 0)
    return -1;
  return failed(failure, STAGE_NAMESPACE_LIMIT, forbid_most_namespaces(), 0);
}

int root_build(struct root *root, const struct sandbox_plan *plan, struct failure *failure) {
  if (failed(failure, STAGE_DISK, resize_disk(root, "/disk", plan), 1) < 0)
    return -1;
  if (make_image(root->slot, plan->image, failure) < 0)
    return -1;
  if (failed(failure, STAGE_PROC, place_proc(plan), 1) < 0)
    return -1;
  if (failed(failure, STAGE_DEVICES, move_tree("/stage/dev", "/new/dev"), 1) < 0)
    return -1;
  /* After the last mount. */
  if (failed(failure, STAGE_NAMESPACE_LIMIT, forbid_namespace("mnt", "0"), 1) < 0)
    return -1;
  return failed(failure, STAGE_PIVOT, pivot(), 0);
}

/* The disk itself is out of sight by now; shared memory is a directory of it, mounted by us, and the size is the file system's. */
int root_resize(struct root *root, const struct sandbox_plan *plan, struct failure *failure) {
  if (root->disk_bytes == plan->disk_bytes && root->disk_inodes == plan->disk_inodes)
    return 0;
  return failed(failure, STAGE_DISK, resize_disk(root, "/dev/shm", plan), 2);
}

/* Afterwards no path leads back. It waits for an RCU grace period (fs/namespace.c, namespace_unlock). */
int root_drop_old(struct failure *failure) {
  int result = umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 ? 0 : -errno;
  return failed(failure, STAGE_PIVOT, result, 1);
}
