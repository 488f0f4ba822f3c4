/* layer.h: what libseccomp makes of each layer's rules without compares. */
#ifndef STOCKADE_ADDON_LAYER_H
#define STOCKADE_ADDON_LAYER_H

#include "filter.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>

/* Stands for "try the next layer". TRACE is refused in requests, so this value can come from nowhere else. */
#define LAYER_CONTINUES SCMP_ACT_TRACE(0x5354)

/* seccomp_export_bpf or seccomp_export_pfc. */
typedef int (*layer_exporter)(const scmp_filter_ctx context, int descriptor);

/* A layer that only compares arguments has none: it always continues. */
bool layer_has_tree(const struct request *request, uint32_t index);

/* The tree of one layer in either form, the caller's to free. NULL with *error filled in when that fails. */
uint8_t *layer_export(const struct request *request, uint32_t index, layer_exporter export,
                      size_t *length, struct filter_error *error);

/* The trees of all layers as programs, the caller's to free; empty where a layer has none. NULL as above. */
struct program *layer_compile_trees(const struct request *request, struct filter_error *error);

/* What libseccomp's program says of a call; LAYER_CONTINUES where there is none. */
uint32_t layer_answer(const struct program *tree, const struct seccomp_data *data);

/* Fills in *error and returns -1. */
int filter_fail(struct filter_error *error, const char *stage, int number, uint32_t index);

#endif
