/* Words, numbers, paths, the command line, and what the kernel writes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_file.h"
#include "launcher-driver.h"
#include "namespaces.h"
#include "options.h"
#include "stage.h"
#include "status_text.h"
#include "word.h"

static void print_flag(bool flag) { printf("%s", flag ? "true" : "false"); }

/* minimum, maximum, text */
void driver_number(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  uint64_t number = 0;
  (void)driver_words(bytes, size, words);
  if (word_number(words[2], strtoull(words[0], NULL, 10), strtoull(words[1], NULL, 10), &number))
    printf("\"%" PRIu64 "\"", number);
  else
    printf("null");
}

/* longest, set, text */
void driver_word(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  (void)driver_words(bytes, size, words);
  print_flag(word_of(words[2], words[1], strtoul(words[0], NULL, 10)));
}

/* relative | absolute | root, path */
void driver_path(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  (void)driver_words(bytes, size, words);
  if (strcmp(words[0], "relative") == 0)
    print_flag(word_components(words[1]));
  else
    print_flag(word_absolute(words[1], strcmp(words[0], "root") == 0));
}

void driver_options(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  struct options options;
  const char *fault = "";
  unsigned count = driver_words(bytes, size, words);
  if (options_read((int)count, words, &options, &fault) < 0) {
    printf("{\"fault\":\"%s\"}", fault);
    return;
  }
  printf("{\"instance\":\"%s\",\"socket\":\"%s\",\"slotsDir\":\"%s\",\"slots\":%" PRIu64 ",\"peers\":%u,\"lastPeer\":%" PRIu64 ",\"cgroupRoots\":%u", options.instance,
         options.socket, options.slots_dir, options.slots, options.peers, options.peer_uid[options.peers - 1], options.cgroup_roots);
  printf(",\"baseIds\":%" PRIu64 ",\"idsPerSlot\":%" PRIu64 ",\"waitingSlots\":%" PRIu64 ",\"waitingRoomBytes\":%" PRIu64 ",\"inner\":%" PRIu64 "}", options.base_ids, options.ids_per_slot,
         options.waiting_slots, options.waiting_room_bytes, options.inner);
}

void driver_namespaces(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  char text[256];
  struct namespaces namespaces;
  (void)driver_words(bytes, size, words);
  if (namespaces_parse(words[0], &namespaces) < 0) {
    printf("null");
    return;
  }
  namespaces_print(&namespaces, text);
  printf("\"%s\"", text);
}

void driver_stage(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  (void)driver_words(bytes, size, words);
  printf("\"%s\"", stage_name((uint32_t)strtoul(words[0], NULL, 10)));
}

static void print_number(int result, uint64_t number) {
  if (result < 0)
    printf("null");
  else
    printf("\"%" PRIu64 "\"", number);
}

void driver_cgroup_number(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  uint64_t number = 0;
  (void)driver_words(bytes, size, words);
  int result = cgroup_text_number(words[0], &number);
  print_number(result, number);
}

/* key, text */
void driver_cgroup_key(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  uint64_t number = 0;
  (void)driver_words(bytes, size, words);
  int result = cgroup_text_key(words[1], words[0], &number);
  print_number(result, number);
}

/* name, status: the field up to the end of its line */
void driver_status_field(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  (void)driver_words(bytes, size, words);
  const char *field = status_text_field(words[1], words[0]);
  putchar('"');
  for (; *field != '\0' && *field != '\n'; field++)
    printf("%s", *field == '\t' ? "\\t" : (char[]){*field, '\0'});
  putchar('"');
}

/* id, field */
void driver_status_ids(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  (void)driver_words(bytes, size, words);
  print_flag(status_text_ids(words[1], strtoull(words[0], NULL, 10)));
}

void driver_status_map(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  uint64_t numbers[3] = {0};
  (void)driver_words(bytes, size, words);
  if (!status_text_map(words[0], numbers))
    printf("null");
  else
    printf("\"%" PRIu64 " %" PRIu64 " %" PRIu64 "\"", numbers[0], numbers[1], numbers[2]);
}
