/* At the barrier: what the kernel says, not what was asked for. */
#include "attest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monotonic.h"
#include "status_text.h"

/* Goes out as the failure's index. */
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
  CHECK_RESOURCES,
  CHECK_NETWORK,
  CHECK_DISK,
};

enum { PAGE_BYTES = 4096 };
static const char *const capability_sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
enum { CAPABILITY_SETS = sizeof capability_sets / sizeof *capability_sets };

static int mismatch(struct sandbox *sandbox, enum check check, int error) {
  sandbox->failure = (struct failure){.stage = STAGE_ATTEST, .error = error, .index = (int)check};
  return -1;
}

static int check_namespaces(struct sandbox *sandbox, pid_t job, struct namespaces *own) {
  int result = namespaces_read(job, own);
  if (result < 0)
    return mismatch(sandbox, CHECK_NAMESPACE, -result);
  for (unsigned at = 0; at < NAMESPACES; at++)
    if (own->inode[at] == sandbox->world->host.inode[at] || own->inode[at] == sandbox->world->outer.inode[at])
      return mismatch(sandbox, CHECK_NAMESPACE, EPERM);
  return 0;
}

/* One line, "0 <first> <count>", seen from here (user_namespaces(7)). */
static int check_map(struct sandbox *sandbox, pid_t job, const char *name, const struct identity_map *outer, uint64_t *host) {
  char text[256];
  uint64_t numbers[3]; /* inside, first, count */
  uint64_t slice = sandbox_first_id(sandbox);
  uint64_t size = sandbox->world->options->ids_per_slot;
  if (surroundings_file(job, name, text, sizeof text) < 0)
    return mismatch(sandbox, CHECK_READ, EIO);
  if (!status_text_map(text, numbers))
    return mismatch(sandbox, CHECK_MAP, EPROTO);
  if (numbers[0] != 0 || numbers[1] != slice || numbers[2] != size || identity_host(outer, slice, size, host) < 0)
    return mismatch(sandbox, CHECK_MAP, ERANGE);
  return 0;
}

static int check_limits(struct sandbox *sandbox, const struct cgroup_slot *cgroup, struct cgroup_in_force *limits) {
  const struct step_plan *step = &sandbox->request->shared->step;
  uint64_t quota_us = sandbox->request->shared->sandbox.cpu_millis * CGROUP_CPU_PERIOD_US / 1000;
  int result = cgroup_driver(&sandbox->world->cgroups)->in_force(cgroup, limits);
  if (result < 0)
    return mismatch(sandbox, CHECK_LIMITS, -result);
  /* The kernel counts memory in pages. */
  bool memory = limits->memory_bytes == step->memory_bytes / PAGE_BYTES * PAGE_BYTES && limits->swap_bytes == 0;
  bool processor = limits->cpu_quota_us == quota_us && limits->cpu_period_us == CGROUP_CPU_PERIOD_US;
  return memory && processor && limits->processes == step->processes ? 0 : mismatch(sandbox, CHECK_LIMITS, EPERM);
}

static int read_network(struct sandbox *sandbox, pid_t job, struct attestation *out) {
  int result = surroundings_network(job, &out->surroundings);
  out->network_read = result == 0;
  return result < 0 ? mismatch(sandbox, CHECK_READ, -result) : 0;
}

int attest_place(struct sandbox *sandbox, pid_t job, struct attestation *out) {
  char membership[4096];
  out->status = surroundings_open(job, "status");
  if (out->status < 0)
    return mismatch(sandbox, CHECK_READ, -out->status);
  if (check_namespaces(sandbox, job, &out->namespaces) < 0)
    return -1;
  if (check_map(sandbox, job, "uid_map", &sandbox->world->uids, &out->host_uid) < 0)
    return -1;
  if (check_map(sandbox, job, "gid_map", &sandbox->world->gids, &out->host_gid) < 0)
    return -1;
  if (surroundings_file(job, "cgroup", membership, sizeof membership) < 0)
    return mismatch(sandbox, CHECK_READ, EIO);
  if (!cgroup_driver(&sandbox->world->cgroups)->is_member(out->cgroup, membership))
    return mismatch(sandbox, CHECK_GROUP, EPERM);
  return sandbox->built ? read_network(sandbox, job, out) : 0;
}

static int check_status(struct sandbox *sandbox, const char *status, struct attestation *out) {
  const struct sandbox_plan *plan = &sandbox->request->shared->sandbox;
  for (unsigned at = 0; at < CAPABILITY_SETS; at++) {
    snprintf(out->capabilities[at], sizeof out->capabilities[at], "%.16s", status_text_field(status, capability_sets[at]));
    if (strcmp(out->capabilities[at], "0000000000000000") != 0)
      return mismatch(sandbox, CHECK_CAPABILITIES, EPERM);
  }
  if (status_text_field(status, "NoNewPrivs")[0] != '1')
    return mismatch(sandbox, CHECK_NO_NEW_PRIVILEGES, EPERM);
  out->filters = (unsigned)strtoul(status_text_field(status, "Seccomp_filters"), NULL, 10);
  if (status_text_field(status, "Seccomp")[0] != '2' || out->filters != sandbox->world->own_filters + (sandbox->request->shared->audit_count > 0 ? 2 : 1))
    return mismatch(sandbox, CHECK_SECCOMP, EPERM);
  uint64_t slice = sandbox_first_id(sandbox);
  if (!status_text_ids(status_text_field(status, "Uid"), slice + plan->uid) || !status_text_ids(status_text_field(status, "Gid"), slice + plan->gid))
    return mismatch(sandbox, CHECK_IDS, EPERM);
  return status_text_field(status, "Groups")[0] == '\n' ? 0 : mismatch(sandbox, CHECK_IDS, EPERM);
}

static int check_surroundings(struct sandbox *sandbox, const struct surroundings *found) {
  const struct sandbox_plan *plan = &sandbox->request->shared->sandbox;
  const struct step_plan *step = &sandbox->request->shared->step;
  if (found->open_files != step->open_files || found->file_bytes != step->file_bytes || found->stack_bytes != step->stack_bytes ||
      found->core_bytes != 0)
    return mismatch(sandbox, CHECK_RESOURCES, EPERM);
  /* Without a loopback no device has an address; with it there is no other device. */
  if (plan->loopback_up ? strcmp(found->devices, "\"lo\"") != 0 || !found->ipv4 : found->ipv4 || found->ipv6)
    return mismatch(sandbox, CHECK_NETWORK, EPERM);
  /* tmpfs counts in whole pages, rounded up (mm/shmem.c, shmem_parse_one). */
  uint64_t pages = (plan->disk_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
  return found->disk_bytes == pages * PAGE_BYTES && found->disk_inodes == plan->disk_inodes ? 0 : mismatch(sandbox, CHECK_DISK, EPERM);
}

int attest_process(struct sandbox *sandbox, pid_t job, struct attestation *out) {
  char status[8192];
  if (check_limits(sandbox, out->cgroup, &out->limits) < 0)
    return -1;
  if (surroundings_read_open(out->status, status, sizeof status) < 0)
    return mismatch(sandbox, CHECK_READ, EIO);
  if (check_status(sandbox, status, out) < 0)
    return -1;
  if (!out->network_read && read_network(sandbox, job, out) < 0)
    return -1;
  int result = surroundings_read(job, sandbox->root, &out->surroundings);
  return result < 0 ? mismatch(sandbox, CHECK_READ, -result) : check_surroundings(sandbox, &out->surroundings);
}

/* The AppArmor label was read back by the job itself (job.c): the kernel shows what the next exec takes on to nobody else. */
int attest_print(struct sandbox *sandbox, pid_t job, const struct attestation *attestation, char *json, size_t size) {
  const struct sandbox_plan *plan = &sandbox->request->shared->sandbox;
  const struct cgroup_in_force *limits = &attestation->limits;
  const uint64_t *inode = attestation->namespaces.inode;
  uint64_t count = sandbox->world->options->ids_per_slot;
  char surroundings[1024];
  if (surroundings_print(&attestation->surroundings, surroundings, sizeof surroundings) < 0)
    return mismatch(sandbox, CHECK_READ, EMSGSIZE);
  int length = snprintf(
      json, size,
      "{\"slot\":%u,\"cgroupVersion\":%d,\"hostPid\":%d,\"uidMap\":\"0 %" PRIu64 " %" PRIu64 "\",\"gidMap\":\"0 %" PRIu64 " %" PRIu64
      "\",\"uid\":%" PRIu64 ",\"gid\":%" PRIu64 ",\"namespaces\":{\"user\":%" PRIu64 ",\"mnt\":%" PRIu64 ",\"pid\":%" PRIu64 ",\"net\":%" PRIu64
      ",\"ipc\":%" PRIu64 ",\"uts\":%" PRIu64 ",\"cgroup\":%" PRIu64 ",\"time\":%" PRIu64
      "},\"sharedWithHost\":[],\"capabilities\":{\"inheritable\":\"%s\",\"permitted\":\"%s\",\"effective\":\"%s\",\"bounding\":\"%s\",\"ambient\":\"%s\"},"
      "\"noNewPrivileges\":true,\"seccompMode\":2,\"seccompFilters\":%u,\"landlockAbi\":%d,\"landlockRestricted\":%s,\"apparmor\":\"%s\","
      "\"memoryLimitBytes\":%" PRIu64 ",\"swapLimitBytes\":%" PRIu64 ",\"processLimit\":%" PRIu64 ",\"cpuQuotaUs\":%" PRIu64 ",\"cpuPeriodUs\":%" PRIu64
      ",%s,\"setupUs\":%" PRIu64 "}",
      sandbox->slot, sandbox->world->cgroups.version, job, attestation->host_uid, count, attestation->host_gid, count, plan->uid, plan->gid,
      inode[NAMESPACE_USER], inode[NAMESPACE_MOUNT], inode[NAMESPACE_PID], inode[NAMESPACE_NETWORK], inode[NAMESPACE_IPC], inode[NAMESPACE_UTS],
      inode[NAMESPACE_CGROUP], inode[NAMESPACE_TIME], attestation->capabilities[0], attestation->capabilities[1], attestation->capabilities[2],
      attestation->capabilities[3], attestation->capabilities[4], attestation->filters, attestation->landlock_abi,
      attestation->landlock_abi > 0 ? "true" : "false", plan->apparmor[0] == '\0' ? "none" : plan->apparmor, limits->memory_bytes, limits->swap_bytes, limits->processes,
      limits->cpu_quota_us, limits->cpu_period_us, surroundings, (monotonic_ns() - sandbox->begun_ns) / 1000);
  return length > 0 && (size_t)length < size ? 0 : mismatch(sandbox, CHECK_READ, EMSGSIZE);
}
