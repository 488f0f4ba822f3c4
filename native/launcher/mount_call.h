/* The new mount API in four verbs: by descriptor, with flags set before a mount is reachable. All return 0 (or a
 * descriptor) or -errno. */
#ifndef MOUNT_CALL_H
#define MOUNT_CALL_H

#include <stdbool.h>
#include <stdint.h>

/* A new mount of a file system type with `key, value, …, NULL` options ("" as value: a flag), not attached yet. */
int mount_make(const char *type, const char *const *options, uint64_t attributes);
/* Changes the options of a mounted file system. */
int mount_change(const char *path, const char *const *options);
/* A copy of what is mounted at a place, not attached yet. `path` "" takes the descriptor itself. */
int mount_clone(int at, const char *path, bool recursive);
/* Adds attributes (MOUNT_ATTR_*) to a mount. */
int mount_flags(int mount, uint64_t attributes, bool recursive);
/* Attaches (or moves) a mount. Never follows a link in the last component; `path` "" is the descriptor itself. */
int mount_move(int mount, int at, const char *path);

#endif
