/* Standard input of a step on its way: the worker never waits for a program that does not read, up to a bound. */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
  uint8_t *bytes;
  size_t size;
  size_t done; /* given to the program already */
  bool end;    /* nothing more will come */
};

/* Nothing there, nothing at an end. The memory is kept. */
void input_begin(struct input *input, bool at_end);

/* More of it, or with none of it the end. At most `most` may be there at one time; what the program has already is let go of first if
 * `moving`. 0, -EPROTO after the end or for more than that, -ENOMEM. */
int input_add(struct input *input, const uint8_t *bytes, size_t length, size_t most, bool moving);

/* Writes what the program takes now, without waiting. Whether it takes no more at all. */
bool input_give(struct input *input, int stream);

/* All has come and all is given. */
bool input_over(const struct input *input);

void input_forget(struct input *input);

#endif
