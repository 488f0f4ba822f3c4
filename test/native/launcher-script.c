/* Lines of text → frames, and the places where a connection pauses. */
#include "launcher-script.h"

#include <stdbool.h>
#include <string.h>

#include "frame.h"

struct reader {
  const uint8_t *text;
  size_t size;
  size_t at;
  struct script *out;
  bool in_frame;
  bool swapped; /* line ends for NULs */
  size_t header;
  bool has_length;
  uint32_t length;
};

static void add(struct reader *reader, const void *bytes, size_t size) {
  struct script *out = reader->out;
  if (size > SCRIPT_BYTES - out->size)
    size = SCRIPT_BYTES - out->size;
  memcpy(out->bytes + out->size, bytes, size);
  out->size += size;
}

static void add_number(struct reader *reader, uint64_t number, unsigned bytes) {
  for (unsigned at = 0; at < bytes; at++) {
    uint8_t byte = (uint8_t)(number >> (8 * at) & 0xff);
    add(reader, &byte, 1);
  }
}

/* The header in front of a payload is known once the payload is there. */
static void close_frame(struct reader *reader) {
  struct script *out = reader->out;
  if (!reader->in_frame || out->size < reader->header + FRAME_HEADER)
    return;
  uint32_t length = reader->has_length ? reader->length : (uint32_t)(out->size - reader->header - FRAME_HEADER);
  frame_header(out->bytes + reader->header, out->bytes[reader->header + 4], length);
  reader->in_frame = reader->has_length = false;
}

static void open_frame(struct reader *reader, uint8_t type) {
  uint8_t header[FRAME_HEADER] = {0, 0, 0, 0, type};
  reader->header = reader->out->size;
  add(reader, header, sizeof header);
  reader->in_frame = true;
}

/* Any digits, to 2^64: what does not fit wraps, as mutations will. */
static uint64_t take_number(struct reader *reader) {
  uint64_t number = 0;
  while (reader->at < reader->size && reader->text[reader->at] == ' ')
    reader->at++;
  for (; reader->at < reader->size && reader->text[reader->at] >= '0' && reader->text[reader->at] <= '9'; reader->at++)
    number = number * 10 + (uint64_t)(reader->text[reader->at] - '0');
  return number;
}

static bool take_word(struct reader *reader, const char *word) {
  size_t length = strlen(word);
  if (reader->size - reader->at < length || memcmp(reader->text + reader->at, word, length) != 0)
    return false;
  reader->at += length;
  return true;
}

static void add_mark(struct reader *reader, enum script_mark kind, size_t at) {
  struct script *out = reader->out;
  size_t before = out->marks == 0 ? 0 : out->mark[out->marks - 1].at;
  if (out->marks == SCRIPT_MARKS)
    return;
  out->mark[out->marks].kind = kind;
  out->mark[out->marks++].at = at < before ? before : at;
}

/* Those that do not begin a frame. Whether it was one of them. */
static bool take_mark(struct reader *reader) {
  if (take_word(reader, "pad")) {
    uint64_t count = take_number(reader);
    for (; count > 0 && reader->out->padded < SCRIPT_PAD; count--, reader->out->padded++)
      add(reader, "a", 1);
    return true;
  }
  if (take_word(reader, "cut")) {
    uint64_t back = take_number(reader);
    add_mark(reader, SCRIPT_CUT, back < reader->out->size ? reader->out->size - (size_t)back : 0);
    return true;
  }
  if (take_word(reader, "length")) {
    close_frame(reader);
    reader->length = (uint32_t)take_number(reader);
    reader->has_length = true;
    return true;
  }
  if (!take_word(reader, "finished"))
    return false;
  close_frame(reader);
  add_mark(reader, SCRIPT_FINISHED, reader->out->size);
  return true;
}

static void take_frame(struct reader *reader) {
  static const char *const names[] = {"sandbox", "filter", "file", "data", "step", "stdin", "cancel", "end", "audit", "collect"};
  close_frame(reader);
  reader->swapped = false;
  if (take_word(reader, "type"))
    open_frame(reader, (uint8_t)take_number(reader));
  if (take_word(reader, "tree")) {
    open_frame(reader, FRAME_TREE);
    add_number(reader, take_number(reader), 4);
    uint64_t inside = take_number(reader);
    add_number(reader, inside, 1);
    reader->swapped = inside == FRAME_STEP || inside == FRAME_COLLECT;
  }
  for (uint8_t at = 0; at < sizeof names / sizeof *names; at++) {
    if (!take_word(reader, names[at]))
      continue;
    uint8_t type = (uint8_t)(at + 1);
    open_frame(reader, type);
    reader->swapped = type == FRAME_SANDBOX || type == FRAME_STEP || type == FRAME_COLLECT;
    if (type == FRAME_FILE) {
      add_number(reader, take_number(reader), 4);
      add_number(reader, take_number(reader), 8);
    }
    break;
  }
}

static bool at_line(const struct reader *reader) {
  return reader->at < reader->size && reader->text[reader->at] == '@' && (reader->at == 0 || reader->text[reader->at - 1] == '\n');
}

static void take_payload(struct reader *reader) {
  while (reader->at < reader->size && !at_line(reader)) {
    uint8_t byte = reader->text[reader->at++];
    bool last = reader->at == reader->size || at_line(reader);
    if (reader->swapped)
      byte = byte == '\n' ? '\0' : byte == '\0' ? '\n' : byte;
    else if (byte == '\n' && last)
      continue;
    add(reader, &byte, 1);
  }
}

void script_read(const uint8_t *text, size_t size, struct script *out) {
  struct reader reader = {.text = text, .size = size, .out = out};
  out->size = out->padded = 0;
  out->marks = 0;
  while (reader.at < size) {
    if (at_line(&reader)) {
      reader.at++;
      if (!take_mark(&reader))
        take_frame(&reader);
      while (reader.at < size && reader.text[reader.at] != '\n')
        reader.at++;
      reader.at += reader.at < size ? 1 : 0;
    }
    take_payload(&reader);
  }
  close_frame(&reader);
}
