/* Mutations by lines, for both fuzz targets: one value changes and the rest stays as it was, so that most of what is tried gets past the
 * first wrong pair. Some are left to libFuzzer's own, which know nothing of lines (llvm.org/docs/LibFuzzer.html). */
#include <stdint.h>
#include <string.h>

enum { LINES = 512, BYTES = 1 << 16 };

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed);

/* Replaces `length` bytes at `at`. The new size; the old one, unchanged, where it would not fit. */
static size_t splice(uint8_t *bytes, size_t size, size_t most, size_t at, size_t length, const uint8_t *with, size_t count) {
  if (size - length + count > most)
    return size;
  memmove(bytes + at + count, bytes + at + length, size - at - length);
  memcpy(bytes + at, with, count);
  return size - length + count;
}

/* Where lines begin; the last place is the end. */
static unsigned find_lines(const uint8_t *bytes, size_t size, size_t *start) {
  unsigned count = 0;
  start[0] = 0;
  for (size_t at = 0; at < size && count + 1 < LINES; at++)
    if (bytes[at] == '\n' || at + 1 == size)
      start[++count] = at + 1;
  return count;
}

static size_t mutate_line(uint8_t *bytes, size_t size, size_t most, size_t at, size_t length) {
  uint8_t line[BYTES];
  size_t bare = length > 0 && bytes[at + length - 1] == '\n' ? length - 1 : length;
  memcpy(line, bytes + at, bare);
  size_t mutated = LLVMFuzzerMutate(line, bare, bare + 64);
  return splice(bytes, size, most, at, bare, line, mutated);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed) {
  size_t start[LINES];
  uint8_t copy[BYTES];
  if (size == 0 || size + 64 > BYTES || seed % 8 == 0)
    return LLVMFuzzerMutate(bytes, size, most);
  unsigned count = find_lines(bytes, size, start);
  unsigned line = (seed >> 3) % count;
  unsigned lines = line + 1 < count && (seed >> 16) % 2 == 0 ? 2 : 1; /* one, or perhaps a whole pair */
  unsigned to = (seed >> 18) % count;
  size_t length = start[line + lines] - start[line];
  memcpy(copy, bytes + start[line], length);
  switch ((seed >> 28) % 8) {
  case 0: /* again, elsewhere */
    return splice(bytes, size, most, start[to], 0, copy, length);
  case 1: /* gone */
    return size == length ? size : splice(bytes, size, most, start[line], length, copy, 0);
  case 2: /* over another line */
    return splice(bytes, size, most, start[to], start[to + 1] - start[to], copy, length);
  default:
    return mutate_line(bytes, size, most, start[line], start[line + 1] - start[line]);
  }
}
