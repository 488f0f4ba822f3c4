/* Small reads and writes of control files, relative to an open directory of the group. */
#ifndef CGROUP_FILE_H
#define CGROUP_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All return 0 (or a descriptor) or -errno. */
int cgroup_file_open(int group, const char *name, int flags);
int cgroup_file_write(int group, const char *name, const char *text);
int cgroup_file_write_number(int group, const char *name, uint64_t number);
/* The whole of a small file, NUL-terminated. -E2BIG if it does not fit. */
int cgroup_file_read(int group, const char *name, char *text, size_t size);
/* As above from an open descriptor, from its beginning. */
int cgroup_file_reread(int file, char *text, size_t size);
/* The number at the start of a text; "max" is UINT64_MAX, "-1" as well. */
int cgroup_text_number(const char *text, uint64_t *out);
int cgroup_file_read_number(int group, const char *name, uint64_t *out);
/* As above, but 0 where this kernel has no such file: for what is reported, never for what is enforced. */
int cgroup_file_read_optional(int group, const char *name, uint64_t *out);
/* The number of a `key value` line. -ENOENT if there is none. */
int cgroup_text_key(const char *text, const char *key, uint64_t *out);

/* Makes (or finds) a group and opens it. */
int cgroup_group_make(int parent, const char *name);
/* Removes a group. One that is not there is no error. Retries a short while: the kernel detaches the last dead
 * process a moment after it was reaped. */
int cgroup_group_remove(int parent, const char *name);
/* SIGKILL to each process listed in the group. Adds to `found`. */
int cgroup_group_kill(int group, unsigned *found);

#endif
