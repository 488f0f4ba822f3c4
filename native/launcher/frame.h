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
  FRAME_STARTED = 65,
  FRAME_STDOUT = 66,
  FRAME_STDERR = 67,
  FRAME_FINISHED = 68,
  FRAME_FAILED = 69,
  FRAME_REFUSED = 70,
  FRAME_DESTROYED = 71,
  FRAME_CALLS = 72,
};

enum {
  FRAME_HEADER = 5,
  FRAME_PAYLOAD_MAX = 65536,
  FRAME_STEP_MAX = 1048576,
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

#endif
