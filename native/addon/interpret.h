/* interpret.h: runs a program as the kernel would, without installing it. */
#ifndef STOCKADE_ADDON_INTERPRET_H
#define STOCKADE_ADDON_INTERPRET_H

#include "program.h"

#include <linux/seccomp.h>
#include <stdint.h>

/* The answer of a program that falls off its end, reads outside its data, or holds an unknown instruction.
 * No action is called so, and no program may give it. */
#define INTERPRET_NO_ANSWER 0x5eedbeefu

uint32_t interpret(const struct program *program, const struct seccomp_data *data);

#endif
