/* flock on one file a slot: released by the kernel when its holder dies, whatever the reason. */
#include "slot_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int slot_lock_directory(const char *socket_path) {
  char path[128];
  const char *slash = strrchr(socket_path, '/');
  size_t length = slash == socket_path ? 1 : (size_t)(slash - socket_path);
  if (length >= sizeof path)
    return -ENAMETOOLONG;
  memcpy(path, socket_path, length);
  path[length] = '\0';
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return directory < 0 ? -errno : directory;
}

int slot_lock_take(int directory, unsigned slot) {
  char name[32];
  snprintf(name, sizeof name, "slot-%u.lock", slot);
  int lock = openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0)
    return -errno;
  if (flock(lock, LOCK_EX | LOCK_NB) == 0)
    return lock;
  int error = errno;
  close(lock);
  return -error;
}
