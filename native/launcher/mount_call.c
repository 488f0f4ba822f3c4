/* fsopen, fsconfig, fsmount, open_tree, mount_setattr, move_mount (Linux 5.2 … 5.12). */
#include "mount_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static int configure(int context, const char *const *options, unsigned command) {
  for (; options[0] != NULL; options += 2) {
    bool flag = options[1][0] == '\0';
    int result = flag ? fsconfig(context, FSCONFIG_SET_FLAG, options[0], NULL, 0)
                      : fsconfig(context, FSCONFIG_SET_STRING, options[0], options[1], 0);
    if (result < 0)
      return -errno;
  }
  return fsconfig(context, command, NULL, NULL, 0) == 0 ? 0 : -errno;
}

int mount_make(const char *type, const char *const *options, uint64_t attributes) {
  int context = fsopen(type, FSOPEN_CLOEXEC);
  if (context < 0)
    return -errno;
  int result = configure(context, options, FSCONFIG_CMD_CREATE);
  if (result == 0) {
    result = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)attributes);
    if (result < 0)
      result = -errno;
  }
  close(context);
  return result;
}

int mount_change(const char *path, const char *const *options) {
  int context = fspick(AT_FDCWD, path, FSPICK_CLOEXEC | FSPICK_SYMLINK_NOFOLLOW);
  if (context < 0)
    return -errno;
  int result = configure(context, options, FSCONFIG_CMD_RECONFIGURE);
  close(context);
  return result;
}

int mount_clone(int at, const char *path, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW;
  flags |= (recursive ? AT_RECURSIVE : 0U) | (path[0] == '\0' ? AT_EMPTY_PATH : 0U);
  int tree = open_tree(at, path, flags);
  return tree < 0 ? -errno : tree;
}

int mount_flags(int mount, uint64_t attributes, bool recursive) {
  struct mount_attr wanted = {.attr_set = attributes};
  unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  return mount_setattr(mount, "", flags, &wanted, sizeof wanted) == 0 ? 0 : -errno;
}

int mount_move(int mount, int at, const char *path) {
  unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (path[0] == '\0' ? MOVE_MOUNT_T_EMPTY_PATH : 0U);
  return move_mount(mount, "", at, path, flags) == 0 ? 0 : -errno;
}
