/* The drivers' verbs: each answers one case with one line of JSON on standard output. */
#ifndef LAUNCHER_DRIVER_H
#define LAUNCHER_DRIVER_H

#include <stddef.h>
#include <stdint.h>

/* `bytes` is a copy of exactly that size, so that a sanitizer sees the byte behind it. */
typedef void driver_verb(const uint8_t *bytes, size_t size);

/* A verb's words, each ended by NUL; NULL at the end. At most that many. */
enum { DRIVER_WORDS = 64 };
unsigned driver_words(const uint8_t *bytes, size_t size, char **words);

/* launcher-driver-plan.c */
driver_verb driver_sandbox, driver_step, driver_collect, driver_file, driver_frame, driver_stream;
/* launcher-driver-text.c */
driver_verb driver_number, driver_word, driver_path, driver_options, driver_namespaces, driver_stage, driver_cgroup_number, driver_cgroup_key;
driver_verb driver_status_field, driver_status_ids, driver_status_map;
/* launcher-driver-process.c */
driver_verb driver_backlog, driver_channel, driver_group_file;

#endif
