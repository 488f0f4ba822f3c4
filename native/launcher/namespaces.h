/* The namespaces of a process, as inode numbers of /proc/<pid>/ns. */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdint.h>
#include <sys/types.h>

enum {
  NAMESPACE_USER,
  NAMESPACE_MOUNT,
  NAMESPACE_PID,
  NAMESPACE_NETWORK,
  NAMESPACE_IPC,
  NAMESPACE_UTS,
  NAMESPACE_CGROUP,
  NAMESPACE_TIME,
  NAMESPACES
};

struct namespaces {
  uint64_t inode[NAMESPACES];
};

/* As in /proc/<pid>/ns, in the order above. */
extern const char *const namespace_names[NAMESPACES];

/* Of a process, or of the caller (pid 0). Returns 0 or -errno. */
int namespaces_read(pid_t pid, struct namespaces *out);

/* To and from "N,N,…". `text` holds at least 256 bytes. */
void namespaces_print(const struct namespaces *namespaces, char *text);
int namespaces_parse(const char *text, struct namespaces *out);

#endif
