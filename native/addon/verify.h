/* verify.h: no program leaves the addon that was not run against the rules it was made from. */
#ifndef STOCKADE_ADDON_VERIFY_H
#define STOCKADE_ADDON_VERIFY_H

#include "program.h"
#include "request.h"

/* Runs the program for every call number from 0 to 1023, and for every rule with arguments that match it and
 * arguments that miss it by a little, and compares with a direct reading of the rules.
 * Returns -1 when all agree, else the first call number that does not. */
int verify_program(const struct request *request, const struct program *program);

#endif
