/* Every path is opened beneath a descriptor, without following a link (openat2(2)): the image is not the job's, but not ours either. */
#include "workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_beneath(int directory, const char *path, uint64_t flags, mode_t mode) {
  struct open_how how = {.flags = flags | O_CLOEXEC | O_NOFOLLOW, .mode = (flags & O_CREAT) != 0 ? mode : 0,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  int file = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
  return file < 0 ? -errno : file;
}

/* Makes each directory on the way, the job's own. `path` is changed and restored. Opens the last directory. */
static int make_parents(int at, char *path, uid_t uid, gid_t gid) {
  for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int made = mkdirat(at, path, 0755);
    if (made == 0 && fchownat(at, path, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
      return -errno;
    if (made < 0 && errno != EEXIST)
      return -errno;
    *slash = '/';
  }
  return 0;
}

int workspace_make(const struct sandbox_plan *plan) {
  char path[PLAN_PATH_MAX + 2];
  memcpy(path, plan->workspace + 1, strlen(plan->workspace));
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0)
    return -errno;
  int result = make_parents(root, path, 0, 0);
  if (result == 0 && mkdirat(root, path, 0755) < 0 && errno != EEXIST)
    result = -errno;
  int workspace = result < 0 ? result : open_beneath(root, path, O_RDONLY | O_DIRECTORY, 0);
  close(root);
  if (workspace >= 0 && (fchown(workspace, (uid_t)plan->uid, (gid_t)plan->gid) < 0 || fchmod(workspace, 0755) < 0)) {
    result = -errno;
    close(workspace);
    return result;
  }
  return workspace;
}

static int write_beneath(int directory, const struct sandbox_plan *plan, const struct file_plan *input, const uint8_t *bytes) {
  char path[PLAN_PATH_MAX + 1];
  memcpy(path, input->path, strlen(input->path) + 1);
  int result = make_parents(directory, path, (uid_t)plan->uid, (gid_t)plan->gid);
  int file = result < 0 ? result : open_beneath(directory, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (file < 0)
    return file;
  for (uint64_t done = 0; result == 0 && done < input->size;) {
    ssize_t wrote = write(file, bytes + done, input->size - done);
    if (wrote < 0)
      result = -errno;
    else
      done += (uint64_t)wrote;
  }
  if (result == 0 && (fchown(file, (uid_t)plan->uid, (gid_t)plan->gid) < 0 || fchmod(file, input->mode) < 0))
    result = -errno;
  close(file);
  return result;
}

int workspace_write(int workspace, const struct sandbox_plan *plan, const struct file_plan *input, const uint8_t *bytes) {
  if (!input->in_run)
    return write_beneath(workspace, plan, input, bytes);
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0)
    return -errno;
  int result = write_beneath(root, plan, input, bytes);
  close(root);
  return result;
}
