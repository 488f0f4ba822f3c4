/* The launcher's parts without a launcher: launcher-driver VERB < cases > answers.
 * A case is a u32 little-endian length and that many bytes; each is answered by one line. */
#include "launcher-driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  driver_verb *verb;
} rows[] = {
    {"sandbox", driver_sandbox},
    {"step", driver_step},
    {"collect", driver_collect},
    {"file", driver_file},
    {"frame", driver_frame},
    {"stream", driver_stream},
    {"number", driver_number},
    {"word", driver_word},
    {"path", driver_path},
    {"options", driver_options},
    {"namespaces", driver_namespaces},
    {"stage", driver_stage},
    {"cgroup-number", driver_cgroup_number},
    {"cgroup-key", driver_cgroup_key},
    {"status-field", driver_status_field},
    {"status-ids", driver_status_ids},
    {"status-map", driver_status_map},
    {"backlog", driver_backlog},
    {"channel", driver_channel},
    {"group-file", driver_group_file},
};

unsigned driver_words(const uint8_t *bytes, size_t size, char **words) {
  unsigned count = 0;
  for (size_t at = 0; at < size && count < DRIVER_WORDS; at += strnlen((const char *)bytes + at, size - at) + 1)
    words[count++] = (char *)(uintptr_t)bytes + at;
  words[count] = NULL;
  return count;
}

static int run(driver_verb *verb) {
  uint8_t head[4];
  while (fread(head, 1, sizeof head, stdin) == sizeof head) {
    size_t size = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    uint8_t *bytes = malloc(size == 0 ? 1 : size);
    if (bytes == NULL || fread(bytes, 1, size, stdin) != size)
      return 2;
    verb(bytes, size);
    putchar('\n');
    free(bytes);
  }
  return ferror(stdin) != 0 || fflush(stdout) != 0 ? 2 : 0;
}

int main(int count, char **words) {
  for (size_t at = 0; count == 2 && at < sizeof rows / sizeof *rows; at++)
    if (strcmp(rows[at].name, words[1]) == 0)
      return run(rows[at].verb);
  fprintf(stderr, "usage: launcher-driver VERB < cases\n");
  return 2;
}
