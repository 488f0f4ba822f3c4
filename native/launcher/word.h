/* The checks of single values that plan.c is made of. Pure. */
#ifndef WORD_H
#define WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal without sign and without leading zeros, within minimum … maximum. */
bool word_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *out);

/* One to `longest` characters, all of them in the set. */
bool word_of(const char *text, const char *set, size_t longest);

/* Components without "", "." and "..", each at most 255 bytes. The caller has looked at the leading slash. */
bool word_components(const char *path);

/* An absolute path inside: "/" (only if root is allowed) or "/" and clean components. */
bool word_absolute(const char *path, bool root_allowed);

#endif
