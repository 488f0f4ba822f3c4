/* From outside: no namespace is entered for it. */
#include "surroundings.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

int surroundings_open(pid_t pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  return file < 0 ? -errno : file;
}

int surroundings_read_open(int file, char *text, size_t size) {
  size_t have = 0;
  ssize_t got = 1;
  while (got > 0 && have < size - 1) {
    got = read(file, text + have, size - 1 - have);
    if (got > 0)
      have += (size_t)got;
  }
  int result = got < 0 ? -errno : 0;
  text[have] = '\0';
  return result;
}

int surroundings_file(pid_t pid, const char *name, char *text, size_t size) {
  text[0] = '\0';
  int file = surroundings_open(pid, name);
  if (file < 0)
    return file;
  int result = surroundings_read_open(file, text, size);
  close(file);
  return result;
}

/* The hard limits, as the kernel holds them: prlimit(2) without a new value changes nothing. */
static int read_limits(pid_t job, struct surroundings *out) {
  const struct {
    __rlimit_resource_t resource;
    uint64_t *value;
  } rows[] = {{RLIMIT_NOFILE, &out->open_files},
              {RLIMIT_FSIZE, &out->file_bytes},
              {RLIMIT_STACK, &out->stack_bytes},
              {RLIMIT_CORE, &out->core_bytes},
              {RLIMIT_CPU, &out->cpu_seconds}};
  for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
    struct rlimit limit;
    if (prlimit(job, rows[at].resource, NULL, &limit) < 0)
      return -errno;
    *rows[at].value = (uint64_t)limit.rlim_max;
  }
  return 0;
}

/* A device's name goes into our JSON: one that could not stand there as it is fails the job. */
static int add_device(const char *name, size_t length, struct surroundings *out) {
  size_t used = strlen(out->devices);
  for (size_t at = 0; at < length; at++)
    if (!isalnum((unsigned char)name[at]) && strchr("._@-", name[at]) == NULL)
      return -EPROTO;
  size_t left = sizeof out->devices - used;
  int wrote = snprintf(out->devices + used, left, "%s\"%.*s\"", used == 0 ? "" : ",", (int)length, name);
  return wrote > 0 && (size_t)wrote < left ? 0 : -EMSGSIZE;
}

/* Two lines of head, then "  <name>: figures" for each device, up or down (net/core/net-procfs.c). */
static int read_devices(pid_t job, struct surroundings *out) {
  char text[4096];
  out->devices[0] = '\0';
  int result = surroundings_file(job, "net/dev", text, sizeof text);
  const char *line = text;
  for (unsigned head = 0; result == 0 && head < 2; head++) {
    line = strchr(line, '\n');
    if (line == NULL)
      return -EPROTO;
    line++;
  }
  while (result == 0 && *line != '\0') {
    line += strspn(line, " ");
    size_t length = strcspn(line, ":\n");
    const char *end = strchr(line, '\n');
    result = line[length] != ':' || end == NULL ? -EPROTO : add_device(line, length, out);
    line = end == NULL ? line : end + 1;
  }
  return result;
}

/* An address of a device is in the table of local routes as long as the device is up (net/ipv4/fib_trie.c); the list of IPv6 addresses
 * is the list itself, and is not there at all where the kernel has no IPv6. */
static int read_addresses(pid_t job, struct surroundings *out) {
  char text[4096];
  int result = surroundings_file(job, "net/fib_trie", text, sizeof text);
  if (result < 0)
    return result;
  out->ipv4 = strstr(text, "LOCAL") != NULL;
  result = surroundings_file(job, "net/if_inet6", text, sizeof text);
  out->ipv6 = result == 0 && text[0] != '\0';
  return result == -ENOENT ? 0 : result;
}

static int read_disk(int root, struct surroundings *out) {
  struct statfs disk;
  if (fstatfs(root, &disk) < 0)
    return -errno;
  out->disk_bytes = (uint64_t)disk.f_blocks * (uint64_t)disk.f_bsize;
  out->disk_inodes = (uint64_t)disk.f_files;
  return 0;
}

int surroundings_network(pid_t job, struct surroundings *out) {
  int result = read_devices(job, out);
  return result < 0 ? result : read_addresses(job, out);
}

int surroundings_read(pid_t job, int root, struct surroundings *out) {
  int result = read_limits(job, out);
  return result < 0 ? result : read_disk(root, out);
}

int surroundings_print(const struct surroundings *found, char *json, size_t size) {
  int length = snprintf(json, size,
                        "\"resourceLimits\":{\"openFiles\":%" PRIu64 ",\"fileBytes\":%" PRIu64 ",\"stackBytes\":%" PRIu64 ",\"coreBytes\":%" PRIu64
                        ",\"cpuSeconds\":%" PRIu64 "},\"diskLimit\":{\"bytes\":%" PRIu64 ",\"inodes\":%" PRIu64
                        "},\"network\":{\"devices\":[%s],\"ipv4\":%s,\"ipv6\":%s}",
                        found->open_files, found->file_bytes, found->stack_bytes, found->core_bytes, found->cpu_seconds, found->disk_bytes,
                        found->disk_inodes, found->devices, found->ipv4 ? "true" : "false", found->ipv6 ? "true" : "false");
  return length > 0 && (size_t)length < size ? 0 : -EMSGSIZE;
}
