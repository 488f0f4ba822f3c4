/* What surrounds a job at its barrier and stands in no line of its status: resource limits, network, disk. As the kernel tells it. */
#ifndef SURROUNDINGS_H
#define SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct surroundings {
  uint64_t open_files; /* hard limits, RLIM_INFINITY where there is none */
  uint64_t file_bytes;
  uint64_t stack_bytes;
  uint64_t core_bytes;
  uint64_t cpu_seconds;
  uint64_t disk_bytes; /* what its root's file system can hold in all */
  uint64_t disk_inodes;
  char devices[256]; /* of its network namespace: "lo", or more, each in quotes, commas between */
  bool ipv4; /* whether any device has an address */
  bool ipv6;
};

/* Reads a file of /proc/<pid>, or one of them that is open, from where it is. 0, or -errno. */
int surroundings_file(pid_t pid, const char *name, char *text, size_t size);
int surroundings_read_open(int file, char *text, size_t size);

/* Opens one. A descriptor, or -errno. */
int surroundings_open(pid_t pid, const char *name);

/* Of `job`: devices and addresses; then its limits, and the disk, of which `root` is an open directory. 0, or -errno. */
int surroundings_network(pid_t job, struct surroundings *out);
int surroundings_read(pid_t job, int root, struct surroundings *out);

/* The members of STARTED that tell of it, without braces. 0, or -errno. */
int surroundings_print(const struct surroundings *found, char *json, size_t size);

#endif
