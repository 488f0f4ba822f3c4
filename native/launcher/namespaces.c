/* Namespace inodes. */
#include "namespaces.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

const char *const namespace_names[NAMESPACES] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"};

int namespaces_read(pid_t pid, struct namespaces *out) {
  for (unsigned at = 0; at < NAMESPACES; at++) {
    char path[64];
    struct stat status;
    if (pid == 0)
      snprintf(path, sizeof path, "/proc/self/ns/%s", namespace_names[at]);
    else
      snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, namespace_names[at]);
    if (stat(path, &status) < 0)
      return -errno;
    out->inode[at] = status.st_ino;
  }
  return 0;
}

void namespaces_print(const struct namespaces *namespaces, char *text) {
  int used = 0;
  for (unsigned at = 0; at < NAMESPACES; at++)
    used += sprintf(text + used, "%s%" PRIu64, at == 0 ? "" : ",", namespaces->inode[at]);
}

int namespaces_parse(const char *text, struct namespaces *out) {
  for (unsigned at = 0; at < NAMESPACES; at++) {
    char *end;
    out->inode[at] = strtoull(text, &end, 10);
    if (end == text || *end != (at + 1 == NAMESPACES ? '\0' : ','))
      return -EINVAL;
    text = end + 1;
  }
  return 0;
}
