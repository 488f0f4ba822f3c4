/* Frames of the wire protocol: u32 little-endian length, u8 type, payload (docs/launcher-protocol.md). */
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>
#include <stdint.h>

enum frame_type {
  FRAME_SANDBOX = 1,
  FRAME_FILTER = 2,
  FRAME_FILE = 3,
  FRAME_DATA = 4,
  FRAME_STEP = 5,
  FRAME_STDIN = 6,
  FRAME_CANCEL = 7,
  FRAME_END = 8,
  FRAME_AUDIT = 9,
  FRAME_COLLECT = 10,
  FRAME_TREE = 16,
  /* Inside a TREE only. */
  FRAME_TERMINAL = 17,
  FRAME_SIGNAL = 18,
  FRAME_WINDOW = 19,
  FRAME_STARTED = 65,
  FRAME_STDOUT = 66,
  FRAME_STDERR = 67,
  FRAME_FINISHED = 68,
  FRAME_FAILED = 69,
  FRAME_REFUSED = 70,
  FRAME_DESTROYED = 71,
  FRAME_CALLS = 72,
  FRAME_TREE_SAYS = 80,
  FRAME_TAKEN = 81, /* inside one only */
};

enum {
  FRAME_HEADER = 5,
  FRAME_PAYLOAD_MAX = 65536,
  FRAME_STEP_MAX = 1048576,
  FRAME_TREE_HEADER = 5, /* number and type of what is inside */
  FRAME_TREE_MAX = FRAME_TREE_HEADER + FRAME_STEP_MAX,
  FRAME_FILTER_MAX = 32768,
  FRAME_PATH_MAX = 4096,
};

struct frame {
  uint8_t type;
  uint32_t length;
  const uint8_t *payload;
};

/* Looks at `size` bytes. Returns the length of the whole frame once all of it is there, 0 when more bytes are
 * needed, -EPROTO for a type or a length that no worker may send. Pure. */
long frame_take(const uint8_t *bytes, size_t size, struct frame *out);

/* Writes the five bytes in front of a payload. */
void frame_header(uint8_t header[FRAME_HEADER], uint8_t type, uint32_t length);

/* The ten bytes in front of what is said of one of several process trees: a TREE_SAYS with `length` bytes of a payload in it. */
void frame_tree_header(uint8_t header[FRAME_HEADER + FRAME_TREE_HEADER], uint32_t tree, uint8_t type, uint32_t length);

#endif
