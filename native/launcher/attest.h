/* What the kernel says is in force for a job that waits at its barrier, compared with the plan: nothing is reported that was not read
 * back. In two parts, because the first is true before the job knows its plan, and costs nothing while init builds the root. */
#ifndef ATTEST_H
#define ATTEST_H

#include <stddef.h>
#include <sys/types.h>

#include "attestation.h"
#include "sandbox.h"

/* What is settled once the job has its cgroup namespace, and is therefore read ahead: namespaces, id maps, membership of control groups, and,
 * if the root is built, the network. None of it can change before the barrier:
 * - a process's namespaces change by its own unshare(2) or setns(2) alone, and until the exec it runs our code, which calls neither again;
 * - an id map can be written once (user_namespaces(7));
 * - it is moved between groups by the launcher's user, which means this supervisor: it alone has the slot, and its lock;
 * - devices and addresses come by CAP_NET_ADMIN over the network namespace. Its holders are init, which has done what the plan asks and does
 *   no more, the job, which is ours until the exec and then has no capability (read back at the barrier), and the launcher itself.
 * 0, or -1 with the failure set. */
int attest_place(struct sandbox *sandbox, pid_t job, struct attestation *out);

/* At the barrier: limits of the groups, identity, capabilities, no_new_privs, filters, resource limits, network, disk. 0, or -1 with the
 * failure set. */
int attest_process(struct sandbox *sandbox, pid_t job, struct attestation *out);

/* STARTED's JSON. 0, or -1 with the failure set. */
int attest_print(struct sandbox *sandbox, pid_t job, const struct attestation *attestation, char *json, size_t size);

#endif
