/* Reading what the kernel writes in /proc/<pid>/status and in its id maps. Pure: text in, values out. */
#ifndef STATUS_TEXT_H
#define STATUS_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* The text after "Name:" and blanks, up to the end of all; "" where there is no such line. */
const char *status_text_field(const char *status, const char *name);

/* Whether a field starts with this id four times: real, effective, saved and file-system id. */
bool status_text_ids(const char *field, uint64_t wanted);

/* The one line of an id map that has one (user_namespaces(7)): inside, first, count. False for anything else. */
bool status_text_map(const char *text, uint64_t numbers[3]);

#endif
