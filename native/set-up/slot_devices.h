/* The device nodes that sandboxes get: for each slot nodes of its own, so that no two jobs, and no job and the host, share an inode. A lock
 * and a watch (flock, fcntl, inotify, F_NOTIFY) belong to the inode: on the host's own /dev/null they would be a channel between jobs, and
 * a job would see each time that any program of the host opens it. */
#pragma once
#include <stdint.h>

/* A detached, read-only tmpfs with a directory for each slot, by its number: nodes, links and mount points of a /dev. A mount descriptor
 * for move_mount(2), or -1 with errno; then *call names what failed. Needs root of the initial user namespace: elsewhere a tmpfs
 * honours no device (fs/super.c, SB_I_NODEV). */
int slot_devices(uint32_t slots, const char **call);
