/* Makes, once a boot and as root, one mount of the image store for each slot, with its ids mapped to that slot's range.
 *
 *   slot-mounts make STORE SLOTS-DIR SLOTS BASE-ID IDS-PER-SLOT
 *   slot-mounts undo SLOTS-DIR
 *
 * On disk the store belongs to the ids BASE-ID … BASE-ID + IDS-PER-SLOT - 1; slot n shows them as
 * BASE-ID + (n + 1) * IDS-PER-SLOT … (mount_setattr(2), MOUNT_ATTR_IDMAP). The mount is read-only, nosuid and nodev. The slot's own
 * user namespace then uses it as an overlay's lower layers: owners look right inside, and nobody but root can write the store.
 *
 * And one small file system with device nodes of each slot's own, SLOTS-DIR/devices/N (slot_devices.h). */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mapped_tree.h"
#include "slot_devices.h"

enum { PATH_BYTES = 512 };

static _Noreturn void fail(const char *what, const char *which) {
  fprintf(stderr, "slot-mounts: %s %s: %s\n", what, which, strerror(errno));
  exit(1);
}

/* Text that does not fit is an error, never cut off. */
__attribute__((format(printf, 2, 3))) static void print(char to[PATH_BYTES], const char *format, ...) {
  va_list values;
  va_start(values, format);
  int length = vsnprintf(to, PATH_BYTES, format, values);
  va_end(values);
  if (length < 0 || length >= PATH_BYTES) {
    errno = ENAMETOOLONG;
    fail("print", format);
  }
}

static uint32_t number(const char *text) {
  char *end = NULL;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || value > UINT32_MAX) {
    errno = EINVAL;
    fail("not a number:", text);
  }
  return (uint32_t)value;
}

static void ensure_directory(const char *path) {
  if (mkdir(path, 0755) != 0 && errno != EEXIST)
    fail("mkdir", path);
}

static int is_mount_point(const char *path) {
  struct statx information;
  if (syscall(SYS_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &information) != 0)
    fail("statx", path);
  return (information.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Attaches a detached mount at a directory, and lets go of it. */
static void attach(int tree, const char *path) {
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) != 0)
    fail("move_mount", path);
  if (close(tree) != 0)
    fail("close", path);
}

static void make(const char *store, const char *slots, uint32_t slot, uint32_t base, uint32_t count) {
  char path[PATH_BYTES];
  print(path, "%s/%u", slots, slot);
  ensure_directory(path);
  print(path, "%s/%u/images", slots, slot);
  ensure_directory(path);
  if (is_mount_point(path))
    return;
  const char *call = NULL;
  int tree = mapped_tree(store, base, base + (slot + 1) * count, count, &call);
  if (tree < 0)
    fail(call, store);
  attach(tree, path);
}

static void make_devices(const char *slots, uint32_t count) {
  char path[PATH_BYTES];
  print(path, "%s/devices", slots);
  ensure_directory(path);
  if (is_mount_point(path))
    return;
  const char *call = NULL;
  int tree = slot_devices(count, &call);
  if (tree < 0)
    fail(call, path);
  attach(tree, path);
}

/* Where nothing is, nothing is undone. */
static void undo_mount(const char *path) {
  if (access(path, F_OK) != 0)
    return;
  while (is_mount_point(path))
    if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
      fail("umount", path);
  if (rmdir(path) != 0)
    fail("rmdir", path);
}

static void undo_slot(const char *slots, const char *name) {
  char path[PATH_BYTES];
  print(path, "%s/%s/images", slots, name);
  undo_mount(path);
  print(path, "%s/%s", slots, name);
  if (rmdir(path) != 0)
    fail("rmdir", path);
}

static void undo(const char *slots) {
  DIR *directory = opendir(slots);
  if (directory == NULL && errno == ENOENT)
    return;
  if (directory == NULL)
    fail("open", slots);
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(directory);
    if (entry == NULL && errno != 0)
      fail("read", slots);
    if (entry == NULL)
      break;
    if (isdigit((unsigned char)entry->d_name[0]))
      undo_slot(slots, entry->d_name);
  }
  if (closedir(directory) != 0)
    fail("close", slots);
  char path[PATH_BYTES];
  print(path, "%s/devices", slots);
  undo_mount(path);
}

int main(int argc, char **argv) {
  if (argc == 7 && strcmp(argv[1], "make") == 0) {
    for (uint32_t slot = 0; slot < number(argv[4]); slot++)
      make(argv[2], argv[3], slot, number(argv[5]), number(argv[6]));
    make_devices(argv[3], number(argv[4]));
    return 0;
  }
  if (argc == 3 && strcmp(argv[1], "undo") == 0) {
    undo(argv[2]);
    return 0;
  }
  fputs("usage: slot-mounts make STORE SLOTS-DIR SLOTS BASE-ID IDS-PER-SLOT | undo SLOTS-DIR\n", stderr);
  return 2;
}
