/* The layers that lie around a process: mounts, devices, limits of groups, sysctls, and what the read-back says of it all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "attest.h"
#include "layer.h"
#include "wrapped.h"

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static uint64_t kept_flags(uint64_t attributes) {
  return without(LAYER_MOUNT_FLAGS) ? attributes & ~(uint64_t)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC) : attributes;
}

int __wrap_mount_make(const char *type, const char *const *options, uint64_t attributes) {
  /* A proc shows the pid namespace of whoever mounts it, and the host's may not be mounted from here. */
  if (strcmp(type, "proc") == 0 && without(LAYER_PID_NAMESPACE))
    return mount_clone(AT_FDCWD, "/proc", true);
  return __real_mount_make(type, options, kept_flags(attributes));
}

int __wrap_mount_flags(int mount, uint64_t attributes, bool recursive) {
  attributes = kept_flags(attributes);
  return attributes == 0 ? 0 : __real_mount_flags(mount, attributes, recursive);
}

static bool is_left_out(const char *path) {
  if (strcmp(path, "/stage/proc/sys") == 0)
    return without(LAYER_PROC_SYS_READ_ONLY);
  if (begins(path, "/stage/proc/"))
    return without(LAYER_PROC_MASKS);
  return strcmp(path, "/stage/dev") == 0 && without(LAYER_DEVICES);
}

/* What every sandbox begins with gets the host's /dev where its own would be put together. */
static int put_host_devices(int root) {
  int tree = mount_clone(AT_FDCWD, "/dev", true);
  if (tree < 0)
    return tree;
  int result = __real_mount_move(tree, root, "stage/dev");
  close(tree);
  return result;
}

int __wrap_mount_move(int mount, int at, const char *path) {
  if (is_left_out(path))
    return 0;
  int result = __real_mount_move(mount, at, path);
  return result == 0 && strcmp(path, "devices") == 0 && without(LAYER_DEVICES) ? put_host_devices(at) : result;
}

/* What came with the mount namespace cannot be moved, only copied (mount_namespaces(7)). */
int __wrap_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags) {
  if (strcmp(from_path, "/stage/dev") != 0 || !without(LAYER_DEVICES))
    return __real_move_mount(from, from_path, to, to_path, flags);
  int tree = mount_clone(AT_FDCWD, from_path, true);
  int result = tree < 0 ? tree : __real_mount_move(tree, to, to_path);
  if (tree >= 0)
    close(tree);
  errno = -result;
  return result < 0 ? -1 : 0;
}

int __wrap_mount_change(const char *path, const char *const *options) {
  static const char *const much[] = {"size", "1g", "nr_inodes", "1m", NULL};
  return __real_mount_change(path, without(LAYER_DISK_LIMIT) ? much : options);
}

int __wrap_root_drop_old(struct failure *failure) { return without(LAYER_OLD_ROOT) ? 0 : __real_root_drop_old(failure); }

/* Whatever is written to this changes nothing. */
int __wrap_open(const char *path, int flags, mode_t mode) {
  if (begins(path, "/proc/sys/user/max_") && without(LAYER_NAMESPACE_LIMITS))
    return memfd_create("limit", MFD_CLOEXEC);
  return __real_open(path, flags, mode);
}

/* Of the launcher's namespaces init is not the owner. */
int __wrap_sethostname(const char *name, size_t length) { return without(LAYER_UTS_NAMESPACE) ? 0 : __real_sethostname(name, length); }
int __wrap_ioctl(int descriptor, unsigned long request, void *value) {
  return part == PART_INIT && without(LAYER_NETWORK_NAMESPACE) ? 0 : __real_ioctl(descriptor, request, value);
}

/* The word for no limit, of a file whose limit is left out; NULL: it is written as it is. Not writing it would leave what an earlier launcher wrote
 * to the group of a slot. */
static const char *unlimited(const char *name) {
  if (strcmp(name, "memory.limit_in_bytes") == 0 || strcmp(name, "memory.memsw.limit_in_bytes") == 0)
    return without(LAYER_MEMORY_LIMIT) ? "-1" : NULL;
  if (strcmp(name, "memory.max") == 0 || strcmp(name, "memory.swap.max") == 0)
    return without(LAYER_MEMORY_LIMIT) ? "max" : NULL;
  if (strcmp(name, "pids.max") == 0)
    return without(LAYER_PROCESS_LIMIT) ? "max" : NULL;
  if (strcmp(name, "cpu.cfs_quota_us") == 0)
    return without(LAYER_CPU_LIMIT) ? "-1" : NULL;
  return strcmp(name, "cpu.max") == 0 && without(LAYER_CPU_LIMIT) ? "max" : NULL;
}

int __wrap_cgroup_file_write(int group, const char *name, const char *text) {
  const char *none = unlimited(name);
  return __real_cgroup_file_write(group, name, none == NULL ? text : none);
}
int __wrap_cgroup_file_write_number(int group, const char *name, uint64_t number) {
  const char *none = unlimited(name);
  return none == NULL ? __real_cgroup_file_write_number(group, name, number) : __real_cgroup_file_write(group, name, none);
}

/* The first check that has found a fault; 0: none. */
static int found;

static int heed(struct sandbox *sandbox, int result) {
  if (result == 0 || !without(LAYER_READ_BACK))
    return result;
  if (found == 0)
    found = sandbox->failure.index;
  sandbox->failure = (struct failure){.stage = STAGE_NONE};
  return 0;
}

int __wrap_attest_place(struct sandbox *sandbox, pid_t job, struct attestation *out) {
  found = 0;
  return heed(sandbox, __real_attest_place(sandbox, job, out));
}

int __wrap_attest_process(struct sandbox *sandbox, pid_t job, struct attestation *out) {
  int result = heed(sandbox, __real_attest_process(sandbox, job, out));
  /* What a check that gave up early has not written still has to look like a mask. */
  for (unsigned at = 0; without(LAYER_READ_BACK) && at < sizeof out->capabilities / sizeof *out->capabilities; at++)
    if (out->capabilities[at][0] == '\0')
      memcpy(out->capabilities[at], "0000000000000000", sizeof out->capabilities[at]);
  return result;
}

/* STARTED has one number that nobody compares: its last. The check stands in front of it, as so many thousands of seconds. */
int __wrap_attest_print(struct sandbox *sandbox, pid_t job, const struct attestation *attestation, char *json, size_t size) {
  int result = __real_attest_print(sandbox, job, attestation, json, size);
  char *last = result < 0 || !without(LAYER_READ_BACK) ? NULL : strstr(json, "\"setupUs\":");
  if (last == NULL)
    return result;
  last += strlen("\"setupUs\":");
  unsigned long long setup_us = strtoull(last, NULL, 10) % 1000000000;
  snprintf(last, size - (size_t)(last - json), "%llu}", (unsigned long long)found * 1000000000 + setup_us);
  return 0;
}
