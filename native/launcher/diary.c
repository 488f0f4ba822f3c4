/* Lines on stderr. */
#include "diary.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void diary_note(const char *what, int error) {
  if (error == 0)
    dprintf(STDERR_FILENO, "launcher: %s\n", what);
  else
    dprintf(STDERR_FILENO, "launcher: %s: %s\n", what, strerror(error));
}

void diary_slot(const char *what, unsigned slot, int error) {
  dprintf(STDERR_FILENO, "launcher: slot %u: %s: %s\n", slot, what, strerror(error));
}
