/* The ground on which sandboxes are made: a tiny read-only root that replaces the host's whole file system in the
 * launcher's mount namespace. Each sandbox begins with a copy of it, so nothing of the host is ever within reach of
 * init, and copying and dropping the tree is cheap.
 *
 *   /proc        the host's, for the supervisor; init drops it at the pivot
 *   /devices/N   the slot's own device nodes, with links and mount points: bound as a whole, as its /dev
 *   /slots/N     the slot's id-mapped image store
 *   /file, /directory   what masks are made of: nobody's, mode 0
 *   /new, /disk, /stage/proc, /stage/dev   mount points for init
 */
#ifndef GROUND_H
#define GROUND_H

#include <stdint.h>

/* Builds it and makes it the root. In a mount namespace of our own. Returns 0 or -errno, and names the part in `part`. */
int ground_make(const char *slots_dir, uint64_t slots, const char **part);

/* The names under /proc that are masked, NULL-terminated, and whether each is a directory. */
struct ground_mask {
  const char *name;
  int directory;
};
extern const struct ground_mask ground_masks[];

#endif
