/* Checks of single values: numbers, words of a character set, paths. */
#include "word.h"

#include <string.h>

bool word_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *out) {
  size_t length = strlen(text);
  if (length == 0 || length > 20 || (text[0] == '0' && length > 1))
    return false;
  uint64_t value = 0;
  for (size_t at = 0; at < length; at++) {
    if (text[at] < '0' || text[at] > '9')
      return false;
    uint64_t digit = (uint64_t)(text[at] - '0');
    if (value > (UINT64_MAX - digit) / 10)
      return false;
    value = value * 10 + digit;
  }
  *out = value;
  return value >= minimum && value <= maximum;
}

bool word_of(const char *text, const char *set, size_t longest) {
  size_t length = strlen(text);
  return length > 0 && length <= longest && strspn(text, set) == length;
}

bool word_components(const char *path) {
  for (;;) {
    size_t length = strcspn(path, "/");
    bool dots = (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.');
    if (length == 0 || length > 255 || dots)
      return false;
    if (path[length] == '\0')
      return true;
    path += length + 1;
  }
}

bool word_absolute(const char *path, bool root_allowed) {
  if (path[0] != '/')
    return false;
  return path[1] == '\0' ? root_allowed : word_components(path + 1);
}
