/* What has been read back of a job, part by part. */
#ifndef ATTESTATION_H
#define ATTESTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroup.h"
#include "namespaces.h"
#include "surroundings.h"

struct attestation {
  const struct cgroup_slot *cgroup; /* the groups that it is to be in */
  int status; /* the job's /proc/<pid>/status, opened before somebody waits; -1: not yet */
  struct namespaces namespaces;
  struct cgroup_in_force limits;
  struct surroundings surroundings;
  bool network_read; /* the network's part of the surroundings is there */
  uint64_t host_uid; /* of id 0 inside */
  uint64_t host_gid;
  char capabilities[5][17]; /* inheritable, permitted, effective, bounding, ambient */
  unsigned filters;
  int landlock_abi;
};

#endif
