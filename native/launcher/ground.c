/* Builds the tiny root. Everything is opened once, checked on the descriptor, and moved by descriptor. */
#include "ground.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mount_call.h"

/* moby's list of masked paths, and those that were measured to be readable in a fresh proc of a user namespace on 6.18.
 * Reasons: addresses and symbols (kallsyms, modules, iomem), other tenants' timing and activity (interrupts, vmstat,
 * pressure, diskstats, locks …), host identity (cmdline, config.gz, boot_id, partitions), and what must never be
 * reached even if ids went wrong (kcore, kmsg, sysrq-trigger). */
const struct ground_mask ground_masks[] = {
    {"acpi", 1},        {"asound", 1},     {"bus", 1},          {"driver", 1},        {"fs", 1},
    {"irq", 1},         {"pressure", 1},   {"scsi", 1},         {"buddyinfo", 0},     {"cmdline", 0},
    {"config.gz", 0},   {"diskstats", 0},  {"interrupts", 0},   {"iomem", 0},         {"ioports", 0},
    {"kallsyms", 0},    {"kcore", 0},      {"key-users", 0},    {"keys", 0},          {"kmsg", 0},
    {"latency_stats", 0}, {"locks", 0},    {"modules", 0},      {"pagetypeinfo", 0},  {"partitions", 0},
    {"sched_debug", 0}, {"schedstat", 0},  {"slabinfo", 0},     {"softirqs", 0},      {"sysrq-trigger", 0},
    {"timer_list", 0},  {"timer_stats", 0}, {"vmallocinfo", 0}, {"vmstat", 0},        {"zoneinfo", 0},
    {"sys/kernel/random/boot_id", 0}, {NULL, 0},
};

static const struct {
  const char *name;
  unsigned major;
  unsigned minor;
} devices[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}};

enum { DEVICES = sizeof devices / sizeof *devices };

static int make_directory(int at, const char *name, mode_t mode) {
  return mkdirat(at, name, mode) == 0 && fchmodat(at, name, mode, 0) == 0 ? 0 : -errno;
}

static int make_file(int at, const char *name, mode_t mode) {
  int file = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (file < 0)
    return -errno;
  int result = fchmod(file, mode) == 0 ? 0 : -errno;
  close(file);
  return result;
}

static int skeleton(int root) {
  static const char *const plain[] = {"proc", "devices", "slots", "new", "disk", "stage", "stage/proc", "stage/dev"};
  for (unsigned at = 0; at < sizeof plain / sizeof *plain; at++) {
    int result = make_directory(root, plain[at], 0755);
    if (result < 0)
      return result;
  }
  int result = make_directory(root, "directory", 0);
  return result < 0 ? result : make_file(root, "file", 0);
}

/* Set-up has made them; they are looked at through the descriptor that is then bound: no second lookup (CVE-2025-31133 class). */
static int check_devices(int tree, uint64_t slot) {
  char path[48];
  struct stat status;
  for (unsigned row = 0; row < DEVICES; row++) {
    snprintf(path, sizeof path, "%" PRIu64 "/%s", slot, devices[row].name);
    if (fstatat(tree, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
      return -errno;
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(devices[row].major, devices[row].minor))
      return -ENODEV;
  }
  return 0;
}

static int bind_devices(int root, int stores, uint64_t slots) {
  int tree = mount_clone(stores, "devices", false);
  if (tree < 0)
    return tree;
  int result = 0;
  for (uint64_t slot = 0; result == 0 && slot < slots; slot++)
    result = check_devices(tree, slot);
  if (result == 0)
    result = mount_flags(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false);
  if (result == 0)
    result = mount_move(tree, root, "devices");
  close(tree);
  return result;
}

static int bind_store(int root, int stores, uint64_t slot) {
  char from[32];
  char to[32];
  snprintf(from, sizeof from, "%" PRIu64 "/images", slot);
  snprintf(to, sizeof to, "slots/%" PRIu64, slot);
  int tree = mount_clone(stores, from, false);
  if (tree < 0)
    return tree;
  int result = mount_flags(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false);
  if (result == 0)
    result = make_directory(root, to, 0755);
  if (result == 0)
    result = mount_move(tree, root, to);
  close(tree);
  return result;
}

static int bind_proc(int root) {
  /* With what may be mounted below it (binfmt_misc): a tree inherited from another user namespace is locked together. */
  int tree = mount_clone(AT_FDCWD, "/proc", true);
  if (tree < 0)
    return tree;
  int result = mount_move(tree, root, "proc");
  close(tree);
  return result;
}

static int fill(int root, int stores, uint64_t slots, const char **part) {
  *part = "skeleton";
  int result = skeleton(root);
  *part = "proc";
  if (result == 0)
    result = bind_proc(root);
  if (result == 0) {
    *part = "device nodes of the slots";
    result = bind_devices(root, stores, slots);
  }
  for (uint64_t slot = 0; result == 0 && slot < slots; slot++) {
    *part = "image store of a slot";
    result = bind_store(root, stores, slot);
  }
  return result;
}

/* Old root on top of new root, then the old one is dropped: no path leads back (pivot_root(2), "pivot_root(".", ".")"). */
static int enter(int root) {
  if (fchdir(root) < 0)
    return -errno;
  if (syscall(SYS_pivot_root, ".", ".") < 0)
    return -errno;
  return umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 ? 0 : -errno;
}

int ground_make(const char *slots_dir, uint64_t slots, const char **part) {
  *part = "private";
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    return -errno;
  /* Opened first: the new root is attached on top of this directory, which is sure to exist. */
  *part = "slots' directory";
  int stores = open(slots_dir, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (stores < 0)
    return -errno;
  *part = "tmpfs";
  int root = mount_make("tmpfs", (const char *const[]){"mode", "0755", "size", "1m", "nr_inodes", "8192", NULL},
                        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  if (root < 0) {
    close(stores);
    return root;
  }
  /* It must be attached before anything can be mounted on it. */
  int result = mount_move(root, AT_FDCWD, slots_dir);
  if (result == 0)
    result = fill(root, stores, slots, part);
  close(stores);
  if (result == 0)
    *part = "pivot";
  if (result == 0)
    result = enter(root);
  if (result == 0)
    result = mount_flags(root, MOUNT_ATTR_RDONLY, false);
  close(root);
  return result;
}
