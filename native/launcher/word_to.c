/* `u32 number of the tree`, `u8 type`, payload: lengths are settled here, and numbers that may not be 0. */
#include "word_to.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static uint32_t number_at(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint32_t word_to_number(const struct word_to *word) { return number_at(word->bytes); }

unsigned word_to_rows(const struct word_to *word) { return word->bytes[0] | (unsigned)word->bytes[1] << 8; }

unsigned word_to_columns(const struct word_to *word) { return word->bytes[2] | (unsigned)word->bytes[3] << 8; }

/* Real-time signals and those of the kernel's own are nobody's to send. */
static bool is_signal(const struct word_to *word) { return word->bytes[0] >= 1 && word->bytes[0] <= 31; }

const char *word_to_reason(const uint8_t *bytes, uint32_t length) {
  static const char *const reasons[] = {"cancelled", "expired", "drain"};
  for (unsigned at = 0; at < sizeof reasons / sizeof *reasons; at++)
    if (length == strlen(reasons[at]) && memcmp(bytes, reasons[at], length) == 0)
      return reasons[at];
  return NULL;
}

static bool fits(const struct word_to *word) {
  switch (word->type) {
  case FRAME_STDIN:
    return word->length <= FRAME_PAYLOAD_MAX - FRAME_TREE_HEADER;
  case FRAME_CANCEL:
    return word_to_reason(word->bytes, word->length) != NULL;
  case FRAME_TERMINAL:
    return word->length == 4 && word_to_rows(word) > 0 && word_to_columns(word) > 0;
  case FRAME_SIGNAL:
    return word->length == 1 && is_signal(word);
  case FRAME_WINDOW:
    return word->length == 4 && word_to_number(word) > 0;
  default:
    return false;
  }
}

int word_to_take(const struct frame *frame, struct word_to *out, const uint8_t **bytes) {
  if (frame->length < FRAME_TREE_HEADER)
    return -EPROTO;
  *bytes = frame->payload + FRAME_TREE_HEADER;
  out->tree = number_at(frame->payload);
  out->type = frame->payload[4];
  out->length = frame->length - FRAME_TREE_HEADER;
  if (out->tree == 0)
    return -EPROTO;
  if (out->type == FRAME_STEP || out->type == FRAME_COLLECT)
    return 0;
  if (out->length > sizeof out->bytes)
    return -EPROTO;
  memcpy(out->bytes, *bytes, out->length);
  return fits(out) ? 0 : -EPROTO;
}
