/* At the barrier: what the kernel says is in force, not what was asked for. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monotonic.h"
#include "sandbox.h"

enum check {
  CHECK_READ = 1,
  CHECK_NAMESPACE,
  CHECK_CAPABILITIES,
  CHECK_NO_NEW_PRIVILEGES,
  CHECK_SECCOMP,
  CHECK_IDS,
  CHECK_GROUP,
  CHECK_LIMITS,
  CHECK_MAP,
  CHECK_APPARMOR,
};

static int mismatch(struct sandbox *sandbox, enum check check, int error) {
  sandbox->failure = (struct failure){.stage = STAGE_ATTEST, .error = error, .index = (int)check};
  return -1;
}

static int read_of(pid_t pid, const char *name, char *text, size_t size) {
  char path[64];
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

/* The text after "Name:" and blanks in /proc/<pid>/status. */
static const char *field(const char *status, const char *name) {
  size_t length = strlen(name);
  for (const char *line = status; line != NULL; line = strchr(line, '\n') == NULL ? NULL : strchr(line, '\n') + 1)
    if (strncmp(line, name, length) == 0 && line[length] == ':')
      return line + length + 1 + strspn(line + length + 1, " \t");
  return "";
}

static int check_ids(const char *text, uint64_t wanted) {
  char *end;
  for (unsigned at = 0; at < 4; at++) {
    if (strtoull(text, &end, 10) != wanted || end == text)
      return -1;
    text = end;
  }
  return 0;
}

int attest(struct sandbox *sandbox, pid_t job, int landlock_abi, char *json, size_t size) {
  const struct sandbox_plan *plan = &sandbox->request->shared->sandbox;
  const struct step_plan *step = &sandbox->request->shared->step;
  const struct options *options = sandbox->world->options;
  static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
  static char status[8192];
  static char text[4096];
  struct namespaces own;
  struct cgroup_in_force limits;
  if (read_of(job, "status", status, sizeof status) < 0)
    return mismatch(sandbox, CHECK_READ, EIO);
  int result = namespaces_read(job, &own);
  if (result < 0)
    return mismatch(sandbox, CHECK_NAMESPACE, -result);
  for (unsigned at = 0; at < NAMESPACES; at++)
    if (own.inode[at] == sandbox->world->host.inode[at] || (at != 6 && own.inode[at] == sandbox->world->outer.inode[at] && at != 2 && at != 7))
      return mismatch(sandbox, CHECK_NAMESPACE, EPERM);
  for (unsigned at = 0; at < 5; at++)
    if (strncmp(field(status, sets[at]), "0000000000000000", 16) != 0)
      return mismatch(sandbox, CHECK_CAPABILITIES, EPERM);
  if (field(status, "NoNewPrivs")[0] != '1')
    return mismatch(sandbox, CHECK_NO_NEW_PRIVILEGES, EPERM);
  unsigned filters = (unsigned)strtoul(field(status, "Seccomp_filters"), NULL, 10);
  if (field(status, "Seccomp")[0] != '2' || filters != sandbox->world->own_filters + 1)
    return mismatch(sandbox, CHECK_SECCOMP, EPERM);
  uint64_t slice = 1 + options->base_ids + sandbox->slot * options->ids_per_slot;
  if (check_ids(field(status, "Uid"), slice + plan->uid) < 0 || check_ids(field(status, "Gid"), slice + plan->gid) < 0)
    return mismatch(sandbox, CHECK_IDS, EPERM);
  if (read_of(job, "cgroup", text, sizeof text) < 0)
    return mismatch(sandbox, CHECK_READ, EIO);
  const struct cgroup_driver *driver = cgroup_driver(&sandbox->world->cgroups);
  if (!driver->is_member(&sandbox->cgroup, text))
    return mismatch(sandbox, CHECK_GROUP, EPERM);
  result = driver->in_force(&sandbox->cgroup, &limits);
  if (result < 0)
    return mismatch(sandbox, CHECK_LIMITS, -result);
  if (limits.memory_bytes > step->memory_bytes || limits.swap_bytes != 0 || limits.processes != step->processes)
    return mismatch(sandbox, CHECK_LIMITS, EPERM);
  uint64_t host_uid = 0;
  uint64_t host_gid = 0;
  if (identity_host(&sandbox->world->uids, slice, options->ids_per_slot, &host_uid) < 0 ||
      identity_host(&sandbox->world->gids, slice, options->ids_per_slot, &host_gid) < 0)
    return mismatch(sandbox, CHECK_MAP, ERANGE);
  int length = snprintf(
      json, size,
      "{\"slot\":%u,\"cgroupVersion\":%d,\"hostPid\":%d,\"uidMap\":\"0 %" PRIu64 " %" PRIu64 "\",\"gidMap\":\"0 %" PRIu64 " %" PRIu64
      "\",\"uid\":%" PRIu64 ",\"gid\":%" PRIu64 ",\"namespaces\":{\"user\":%" PRIu64 ",\"mnt\":%" PRIu64 ",\"pid\":%" PRIu64 ",\"net\":%" PRIu64
      ",\"ipc\":%" PRIu64 ",\"uts\":%" PRIu64 ",\"cgroup\":%" PRIu64 ",\"time\":%" PRIu64
      "},\"sharedWithHost\":[],\"capabilities\":{\"inheritable\":\"%.16s\",\"permitted\":\"%.16s\",\"effective\":\"%.16s\",\"bounding\":\"%.16s\",\"ambient\":\"%.16s\"},"
      "\"noNewPrivileges\":true,\"seccompMode\":2,\"seccompFilters\":%u,\"landlockAbi\":%d,\"landlockRestricted\":%s,\"apparmor\":\"%s\","
      "\"memoryLimitBytes\":%" PRIu64 ",\"swapLimitBytes\":%" PRIu64 ",\"processLimit\":%" PRIu64 ",\"cpuQuotaUs\":%" PRIu64 ",\"cpuPeriodUs\":%" PRIu64
      ",\"setupUs\":%" PRIu64 "}",
      sandbox->slot, sandbox->world->cgroups.version, job, host_uid, options->ids_per_slot, host_gid, options->ids_per_slot, plan->uid, plan->gid,
      own.inode[0], own.inode[1], own.inode[2], own.inode[3], own.inode[4], own.inode[5], own.inode[6], own.inode[7], field(status, sets[0]),
      field(status, sets[1]), field(status, sets[2]), field(status, sets[3]), field(status, sets[4]), filters, landlock_abi,
      landlock_abi > 0 ? "true" : "false", plan->apparmor[0] == '\0' ? "none" : plan->apparmor, limits.memory_bytes, limits.swap_bytes,
      limits.processes, limits.cpu_quota_us, limits.cpu_period_us, (monotonic_ns() - sandbox->begun_ns) / 1000);
  return length > 0 && (size_t)length < size ? 0 : mismatch(sandbox, CHECK_READ, EMSGSIZE);
}
