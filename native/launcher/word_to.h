/* What the worker says to one of several process trees: the inside of a TREE. */
#ifndef WORD_TO_H
#define WORD_TO_H

#include <stdint.h>

#include "frame.h"

struct word_to {
  uint32_t tree;
  uint8_t type;
  uint32_t length;
  uint8_t bytes[FRAME_PAYLOAD_MAX]; /* not of a STEP or COLLECT, whose plan is parsed at once */
};

/* Cuts the payload of a TREE. 0, or -EPROTO for what no worker may say. `bytes` is where the inner payload begins. Pure. */
int word_to_take(const struct frame *frame, struct word_to *out, const uint8_t **bytes);

/* The reason that a CANCEL names, or NULL if it names none. */
const char *word_to_reason(const uint8_t *bytes, uint32_t length);

/* Little-endian numbers of a word that has been taken. */
uint32_t word_to_number(const struct word_to *word);
unsigned word_to_rows(const struct word_to *word);
unsigned word_to_columns(const struct word_to *word);

#endif
