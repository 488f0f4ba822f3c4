/* Lines of /proc. The kernel wrote them, and still nothing is taken that does not look as it should. */
#include "status_text.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *status_text_field(const char *status, const char *name) {
  size_t length = strlen(name);
  for (const char *line = status; line != NULL; line = strchr(line, '\n') == NULL ? NULL : strchr(line, '\n') + 1)
    if (strncmp(line, name, length) == 0 && line[length] == ':')
      return line + length + 1 + strspn(line + length + 1, " \t");
  return "";
}

/* The next number of a line, after blanks; `text` moves behind it. Without sign: strtoull would take one, and a line end before it. */
static bool take_number(const char **text, uint64_t *out) {
  char *end;
  *text += strspn(*text, " \t");
  if (**text < '0' || **text > '9')
    return false;
  errno = 0;
  *out = strtoull(*text, &end, 10);
  *text = end;
  return errno == 0;
}

bool status_text_ids(const char *field, uint64_t wanted) {
  for (unsigned at = 0; at < 4; at++) {
    uint64_t id;
    if (!take_number(&field, &id) || id != wanted)
      return false;
  }
  return true;
}

bool status_text_map(const char *text, uint64_t numbers[3]) {
  for (unsigned at = 0; at < 3; at++)
    if (!take_number(&text, &numbers[at]))
      return false;
  return text[strspn(text, " \t\n")] == '\0';
}
