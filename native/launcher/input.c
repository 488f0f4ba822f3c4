/* Bytes in, bytes out; nothing of them is looked at. */
#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void input_begin(struct input *input, bool at_end) {
  input->size = input->done = 0;
  input->end = at_end;
}

static void let_go_of_given(struct input *input) {
  if (input->done == 0)
    return;
  memmove(input->bytes, input->bytes + input->done, input->size - input->done);
  input->size -= input->done;
  input->done = 0;
}

int input_add(struct input *input, const uint8_t *bytes, size_t length, size_t most, bool moving) {
  if (moving)
    let_go_of_given(input);
  if (input->end || length > most - input->size)
    return -EPROTO;
  input->end = length == 0;
  if (length == 0)
    return 0;
  uint8_t *grown = realloc(input->bytes, input->size + length);
  if (grown == NULL)
    return -ENOMEM;
  input->bytes = grown;
  memcpy(input->bytes + input->size, bytes, length);
  input->size += length;
  return 0;
}

bool input_give(struct input *input, int stream) {
  while (input->done < input->size) {
    ssize_t wrote = write(stream, input->bytes + input->done, input->size - input->done);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote < 0)
      return errno != EAGAIN; /* it does not want more */
    input->done += (size_t)wrote;
  }
  return false;
}

bool input_over(const struct input *input) { return input->end && input->done == input->size; }

void input_forget(struct input *input) {
  free(input->bytes);
  *input = (struct input){0};
}
