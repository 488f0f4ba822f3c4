/* A detached, read-only, nosuid, nodev clone of a mounted tree with its ids mapped: `from` … shown as `to` …, `count` of them. */
#pragma once
#include <stdint.h>

/* A mount descriptor for move_mount(2), or -1 with errno; then *call names what failed. Needs root of the initial user namespace. */
int mapped_tree(const char *directory, uint32_t from, uint32_t to, uint32_t count, const char **call);
