/* Everything by files of /proc/<pid>, from outside: no namespace is entered for it. */
#include "surroundings.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

int surroundings_file(pid_t pid, const char *name, char *text, size_t size) {
  char path[64];
  text[0] = '\0';
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return -errno;
  size_t have = 0;
  ssize_t got = 1;
  while (got > 0 && have < size - 1) {
    got = read(file, text + have, size - 1 - have);
    if (got > 0)
      have += (size_t)got;
  }
  int result = got < 0 ? -errno : 0;
  close(file);
  text[have] = '\0';
  return result;
}

/* The hard limit: the second figure behind the name (fs/proc/base.c, proc_pid_limits). */
static int hard_limit(const char *limits, const char *name, uint64_t *out) {
  char soft[32];
  char hard[32];
  const char *line = strstr(limits, name);
  if (line == NULL || sscanf(line + strlen(name), "%31s %31s", soft, hard) != 2)
    return -EPROTO;
  char *end = hard;
  if (strcmp(hard, "unlimited") == 0) {
    *out = (uint64_t)RLIM_INFINITY;
    return 0;
  }
  *out = strtoull(hard, &end, 10);
  return end != hard && *end == '\0' ? 0 : -EPROTO;
}

static int read_limits(pid_t job, struct surroundings *out) {
  char text[4096];
  const struct {
    const char *name;
    uint64_t *value;
  } rows[] = {{"Max open files", &out->open_files},
              {"Max file size", &out->file_bytes},
              {"Max stack size", &out->stack_bytes},
              {"Max core file size", &out->core_bytes},
              {"Max cpu time", &out->cpu_seconds}};
  int result = surroundings_file(job, "limits", text, sizeof text);
  for (size_t at = 0; result == 0 && at < sizeof rows / sizeof *rows; at++)
    result = hard_limit(text, rows[at].name, rows[at].value);
  return result;
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

/* The magic link leads to init's root and no further: nothing that a job made is looked up. */
static int read_disk(pid_t init, struct surroundings *out) {
  char path[48];
  struct statfs disk;
  snprintf(path, sizeof path, "/proc/%d/root", init);
  if (statfs(path, &disk) < 0)
    return -errno;
  out->disk_bytes = (uint64_t)disk.f_blocks * (uint64_t)disk.f_bsize;
  out->disk_inodes = (uint64_t)disk.f_files;
  return 0;
}

int surroundings_read(pid_t job, pid_t init, struct surroundings *out) {
  int result = read_limits(job, out);
  if (result == 0)
    result = read_devices(job, out);
  if (result == 0)
    result = read_addresses(job, out);
  return result < 0 ? result : read_disk(init, out);
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
