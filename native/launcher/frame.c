/* Frame boundaries. What is inside a frame is plan.c's matter. */
#include "frame.h"

#include <errno.h>
#include <stdbool.h>

static uint32_t longest(uint8_t type) {
  switch (type) {
  case FRAME_STEP:
  case FRAME_COLLECT:
    return FRAME_STEP_MAX;
  case FRAME_TREE:
    return FRAME_TREE_MAX;
  case FRAME_FILTER:
  case FRAME_AUDIT:
    return FRAME_FILTER_MAX;
  case FRAME_FILE:
    return 12 + FRAME_PATH_MAX;
  case FRAME_SANDBOX:
  case FRAME_DATA:
  case FRAME_STDIN:
    return FRAME_PAYLOAD_MAX;
  case FRAME_CANCEL:
    return 16;
  default:
    return 0;
  }
}

static bool is_known(uint8_t type) { return (type >= FRAME_SANDBOX && type <= FRAME_COLLECT) || type == FRAME_TREE; }

long frame_take(const uint8_t *bytes, size_t size, struct frame *out) {
  if (size < FRAME_HEADER)
    return 0;
  uint32_t length = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                    (uint32_t)bytes[3] << 24;
  uint8_t type = bytes[4];
  /* Refused on the header alone: a peer cannot make us wait for, or hold, what it may not send. */
  if (!is_known(type) || length > longest(type))
    return -EPROTO;
  if (size - FRAME_HEADER < length)
    return 0;
  *out = (struct frame){.type = type, .length = length, .payload = bytes + FRAME_HEADER};
  return (long)FRAME_HEADER + (long)length;
}

void frame_header(uint8_t header[FRAME_HEADER], uint8_t type, uint32_t length) {
  header[0] = (uint8_t)(length & 0xff);
  header[1] = (uint8_t)(length >> 8 & 0xff);
  header[2] = (uint8_t)(length >> 16 & 0xff);
  header[3] = (uint8_t)(length >> 24 & 0xff);
  header[4] = type;
}

void frame_tree_header(uint8_t header[FRAME_HEADER + FRAME_TREE_HEADER], uint32_t tree, uint8_t type, uint32_t length) {
  frame_header(header, FRAME_TREE_SAYS, FRAME_TREE_HEADER + length);
  frame_header(header + FRAME_HEADER, type, tree); /* a number and a type, in the same form */
}
