/* What the kernel says is in force for a job that waits at its barrier, compared with the plan: nothing is reported that was not read
 * back. In two parts, because the first is true before the job knows its plan, and costs nothing while init builds the root. */
#ifndef ATTEST_H
#define ATTEST_H

#include <stddef.h>
#include <sys/types.h>

#include "cgroup.h"
#include "namespaces.h"
#include "sandbox.h"
#include "surroundings.h"

struct attestation {
  struct namespaces namespaces;
  struct cgroup_in_force limits;
  struct surroundings surroundings;
  uint64_t host_uid; /* of id 0 inside */
  uint64_t host_gid;
  char capabilities[5][17]; /* inheritable, permitted, effective, bounding, ambient */
  unsigned filters;
  int landlock_abi;
};

/* Namespaces, id maps, control groups and their limits. 0, or -1 with the failure set. */
int attest_place(struct sandbox *sandbox, pid_t job, struct attestation *out);

/* Identity, capabilities, no_new_privs, filters, resource limits, network, disk. 0, or -1 with the failure set. */
int attest_process(struct sandbox *sandbox, pid_t job, struct attestation *out);

/* STARTED's JSON. 0, or -1 with the failure set. */
int attest_print(struct sandbox *sandbox, pid_t job, const struct attestation *attestation, char *json, size_t size);

#endif
