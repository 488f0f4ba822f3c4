/* verify.h: no program leaves the addon that was not held against the rules it was made from, and against what
 * libseccomp made of the same rules. */
#ifndef STOCKADE_ADDON_VERIFY_H
#define STOCKADE_ADDON_VERIFY_H

#include "program.h"
#include "request.h"

/* Runs the program for every call number that a rule can name, for numbers of x32 and others far away, for
 * foreign architectures, and for every rule with arguments that match it and arguments that miss it by a
 * little. Each answer must be that of a direct reading of the rules, and that of libseccomp's programs
 * (`trees`, layer.h) with the compares read directly.
 * Returns -1 when all agree, else a call number that does not. */
int64_t verify_program(const struct request *request, const struct program *trees,
                       const struct program *program);

#endif
