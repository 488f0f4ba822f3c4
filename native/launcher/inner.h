/* The launcher's inner process: root of the outer user namespace, on the tiny root. Keeps fresh sandboxes ready, one
 * supervisor each, and gives each connection to one of them. */
#ifndef INNER_H
#define INNER_H

#include "cgroup.h"
#include "identity.h"
#include "namespaces.h"
#include "options.h"

/* What every supervisor inherits. */
struct world {
  const struct options *options;
  struct cgroup_roots cgroups;
  struct identity_map uids;
  struct identity_map gids;
  struct namespaces host;  /* of the host: a sandbox shares none of these */
  struct namespaces outer; /* of the inner process: nor of these */
  unsigned own_filters;    /* seccomp filters in force before the job's */
  int has_apparmor;        /* the kernel has AppArmor's attribute files */
};

/* Runs until drained: the exit status. */
int inner_run(const struct options *options);

#endif
