/* argument.h: the part of the program that looks at arguments.
 *
 * Written here and not by libseccomp: its generator (2.5.4 at least) merges equal-looking blocks without regard
 * to what the accumulator holds. In a filter of ours it so compared a protocol with the number of a family, and
 * let socket(AF_INET, SOCK_STREAM, 1) pass on aarch64 (test/native/seccomp-layers.test.ts found it).
 * Here every compare loads what it compares, always. */
#ifndef STOCKADE_ADDON_ARGUMENT_H
#define STOCKADE_ADDON_ARGUMENT_H

#include "program.h"
#include "request.h"

/* Kills calls of another architecture, and x32 numbers. Must come first. Returns 0 or -errno. */
int argument_emit_prologue(struct program *program, uint32_t architecture);

/* The rules of a layer that have compares. Falls through to what is appended next when none matches. */
int argument_emit_layer(struct program *program, const struct request *request, uint32_t layer);

#endif
