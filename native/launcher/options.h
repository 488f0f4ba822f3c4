/* The command line (docs/launcher-protocol.md, "Start"). No environment, no file of settings. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>

enum { OPTIONS_PEERS = 16, OPTIONS_CGROUP_ROOTS = 16, OPTIONS_SLOTS = 4096 };

struct options {
  const char *instance;
  const char *socket;
  const char *slots_dir;
  char *cgroup_root[OPTIONS_CGROUP_ROOTS];
  uint64_t peer_uid[OPTIONS_PEERS];
  unsigned cgroup_roots;
  unsigned peers;
  uint64_t slots;
  uint64_t base_ids;
  uint64_t ids_per_slot;
  uint64_t waiting_slots;      /* sandboxes that wait while there is nothing to do; may be more than there are slots */
  uint64_t waiting_room_bytes; /* none is made ahead with less memory left than this; 0: never mind */
  const char *host_namespaces; /* inner only: the host's namespace inodes, "N,N,…" */
  uint64_t inner;          /* descriptor of the front's channel; 0: this is the front */
};

/* Returns 0, or -EINVAL with the name of the option at fault in `fault`. */
int options_read(int count, char **words, struct options *out, const char **fault);

#endif
