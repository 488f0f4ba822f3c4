/* A conversation of a worker as text that can be read and mutated: the corpus of the fuzzer is made of it.
 *
 * A line that begins with @ says what follows; what follows up to the next such line is the payload.
 *   @sandbox @step         pairs, each key and each value on a line of its own: a line end stands for NUL, and NUL for a line end
 *   @filter @data @stdin @cancel @end @type N
 *                          the bytes as they are, without the last line end
 *   @file MODE SIZE        the path
 *   @raw                   bytes with no header in front
 *   @length N              the next frame's header claims this length
 *   @pad N                 N times the letter a, added to the payload (SCRIPT_PAD in all)
 *   @cut N                 the connection delivers up to N bytes before here, and the rest later
 *   @finished              the step that runs is over
 * What is no such line is passed over. Pure. */
#ifndef LAUNCHER_SCRIPT_H
#define LAUNCHER_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

enum { SCRIPT_BYTES = 2 << 20, SCRIPT_MARKS = 64, SCRIPT_PAD = 8192 };

enum script_mark { SCRIPT_CUT, SCRIPT_FINISHED };

struct script {
  size_t size;
  size_t padded;
  unsigned marks;
  struct {
    enum script_mark kind;
    size_t at; /* in bytes; in order */
  } mark[SCRIPT_MARKS];
  uint8_t bytes[SCRIPT_BYTES];
};

/* What does not fit is left out: any text is a script. */
void script_read(const uint8_t *text, size_t size, struct script *out);

#endif
