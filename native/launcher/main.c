/* The launcher: `launcher --instance NAME …` (docs/launcher-protocol.md). Front first; the same program again as inner. */
#include "diary.h"
#include "front.h"
#include "inner.h"
#include "options.h"
#include "sanitise.h"

int main(int count, char **words) {
  struct options options;
  const char *fault = "";
  if (options_read(count, words, &options, &fault) < 0) {
    diary_note(fault, 22);
    return 2;
  }
  sanitise_note_command_line(count, words);
  return options.inner == 0 ? front_run(&options, count, words) : inner_run(&options);
}
