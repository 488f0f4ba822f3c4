/* Ids: the service user's subordinate ranges, the outer user namespace's maps, the slice of each slot. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdint.h>
#include <sys/types.h>

enum { IDENTITY_RANGES = 16 };

struct identity_range {
  uint64_t inside;
  uint64_t host;
  uint64_t count;
};

struct identity_map {
  unsigned count;
  struct identity_range range[IDENTITY_RANGES];
};

/* Maps the outer user namespace of `pid`: outer 0 is this user, outer 1… are its subordinate ids in order. Runs newuidmap
 * and newgidmap, each once; so it must happen before no_new_privs. Returns 0 or -errno. */
int identity_map_outer(pid_t pid);

/* The map of the calling process's own namespace with host ids, from /proc/self/uid_map or gid_map. */
int identity_read(const char *path, struct identity_map *map);

/* Host id of `count` outer ids from `outer` on, which must lie in one range. -ERANGE if they do not. */
int identity_host(const struct identity_map *map, uint64_t outer, uint64_t count, uint64_t *host);

#endif
