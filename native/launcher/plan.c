/* The only parser: `key NUL value NUL` pairs into fixed-size structures. Each key is a row of a table (no option parser). */
#include "plan.h"

#include <errno.h>
#include <string.h>

#include "word.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Doubles on the TypeScript side are exact up to here; the kernel's own limits are refused later, by stage. */
#define NUMBER_MAX ((uint64_t)9007199254740991)
#define MIB ((uint64_t)1 << 20)
/* 278 years: as nanoseconds, added to a clock, it still fits 64 bits. */
#define MILLISECONDS_MAX ((uint64_t)1 << 43)

enum kind { NUMBER, WORD, PATH, CHOICE };

/* Where a value goes and what it may be. NUMBER: minimum and maximum. WORD: set, and maximum as length (`minimum` is the
 * shortest). PATH: minimum 1 if "/" itself is allowed. CHOICE: `set` is the word for false, `other` the word for true. */
struct key {
  const char *name;
  enum kind kind;
  size_t offset;
  uint64_t minimum;
  uint64_t maximum;
  const char *set;
  const char *other;
};

#define SANDBOX(field) offsetof(struct sandbox_plan, field)
#define STEP(field) offsetof(struct step_plan, field)
#define COLLECT(field) STEP(collect.field)

static const struct key sandbox_keys[] = {
    {"id", WORD, SANDBOX(id), 1, 64, LOWER UPPER DIGITS "_-", NULL},
    {"image", WORD, SANDBOX(image), 64, 64, DIGITS "abcdef", NULL},
    {"hostname", WORD, SANDBOX(hostname), 1, 63, LOWER DIGITS "-", NULL},
    {"uid", NUMBER, SANDBOX(uid), 0, 65533, NULL, NULL},
    {"gid", NUMBER, SANDBOX(gid), 0, 65533, NULL, NULL},
    {"workspace", PATH, SANDBOX(workspace), 0, 0, NULL, NULL},
    {"memory-bytes", NUMBER, SANDBOX(memory_bytes), MIB, NUMBER_MAX, NULL, NULL},
    {"disk-bytes", NUMBER, SANDBOX(disk_bytes), 65536, NUMBER_MAX, NULL, NULL},
    {"disk-inodes", NUMBER, SANDBOX(disk_inodes), 16, NUMBER_MAX, NULL, NULL},
    {"processes", NUMBER, SANDBOX(processes), 1, NUMBER_MAX, NULL, NULL},
    {"cpu-millis", NUMBER, SANDBOX(cpu_millis), 10, 4096000, NULL, NULL},
    {"proc", CHOICE, SANDBOX(proc_pid_only), 0, 0, "masked", "pid-only"},
    {"loopback", CHOICE, SANDBOX(loopback_up), 0, 0, "down", "up"},
    {"apparmor", WORD, SANDBOX(apparmor), 1, PLAN_LABEL_MAX, LOWER UPPER DIGITS "._/@{}:&-", NULL},
    {"landlock-abi-minimum", NUMBER, SANDBOX(landlock_abi_minimum), 0, 1000, NULL, NULL},
    {"lifetime-ms", NUMBER, SANDBOX(lifetime_ms), 1, MILLISECONDS_MAX, NULL, NULL},
};

static const struct key step_keys[] = {
    {"name", WORD, STEP(name), 1, 64, LOWER DIGITS "-", NULL},
    {"directory", PATH, STEP(directory), 1, 0, NULL, NULL},
    {"wall-ms", NUMBER, STEP(wall_ms), 1, MILLISECONDS_MAX, NULL, NULL},
    {"cpu-ms", NUMBER, STEP(cpu_ms), 1, MILLISECONDS_MAX, NULL, NULL},
    {"memory-bytes", NUMBER, STEP(memory_bytes), MIB, NUMBER_MAX, NULL, NULL},
    {"processes", NUMBER, STEP(processes), 1, NUMBER_MAX, NULL, NULL},
    {"open-files", NUMBER, STEP(open_files), 1, NUMBER_MAX, NULL, NULL},
    {"file-bytes", NUMBER, STEP(file_bytes), 1, NUMBER_MAX, NULL, NULL},
    {"stack-bytes", NUMBER, STEP(stack_bytes), 65536, NUMBER_MAX, NULL, NULL},
    {"output-bytes", NUMBER, STEP(output_bytes), 0, NUMBER_MAX, NULL, NULL},
    {"stdin", CHOICE, STEP(stdin_stream), 0, 0, "empty", "stream"},
};

static const struct key collect_keys[] = {
    {"root", PATH, COLLECT(root), 1, 0, NULL, NULL},
    {"contents", CHOICE, COLLECT(contents), 0, 0, "no", "yes"},
    {"entries", NUMBER, COLLECT(entries), 1, (uint64_t)1 << 32, NULL, NULL},
    {"files", NUMBER, COLLECT(files), 0, NUMBER_MAX, NULL, NULL},
    {"bytes", NUMBER, COLLECT(bytes), 0, (uint64_t)1 << 50, NULL, NULL},
    {"file-bytes", NUMBER, COLLECT(file_bytes), 0, NUMBER_MAX, NULL, NULL},
    {"name-bytes", NUMBER, COLLECT(name_bytes), 0, (uint64_t)1 << 40, NULL, NULL},
    {"depth", NUMBER, COLLECT(depth), 1, PLAN_DEPTH_MAX, NULL, NULL},
    {"wall-ms", NUMBER, STEP(wall_ms), 1, MILLISECONDS_MAX, NULL, NULL},
    {"cpu-ms", NUMBER, STEP(cpu_ms), 1, MILLISECONDS_MAX, NULL, NULL},
    {"memory-bytes", NUMBER, STEP(memory_bytes), MIB, NUMBER_MAX, NULL, NULL},
};

static bool store(const struct key *key, const char *value, uint8_t *base) {
  uint8_t *at = base + key->offset;
  size_t length = strlen(value);
  switch (key->kind) {
  case NUMBER: {
    uint64_t number = 0;
    if (!word_number(value, key->minimum, key->maximum, &number))
      return false;
    memcpy(at, &number, sizeof number);
    return true;
  }
  case WORD:
    if (length < key->minimum || !word_of(value, key->set, key->maximum))
      return false;
    memcpy(at, value, length + 1);
    return true;
  case PATH:
    if (length > PLAN_PATH_MAX || !word_absolute(value, key->minimum == 1))
      return false;
    memcpy(at, value, length + 1);
    return true;
  case CHOICE: {
    bool chosen = strcmp(value, key->other) == 0;
    if (!chosen && strcmp(value, key->set) != 0)
      return false;
    memcpy(at, &chosen, sizeof chosen);
    return true;
  }
  }
  return false;
}

/* The index of a key, or `count` for an unknown one. */
static size_t find(const struct key *keys, size_t count, const char *name) {
  size_t index = 0;
  while (index < count && strcmp(keys[index].name, name) != 0)
    index++;
  return index;
}

/* The next NUL-terminated word, or NULL at the end or where the NUL is missing. */
static const char *next(const char **cursor, const char *end) {
  const char *word = *cursor;
  if (word == end)
    return NULL;
  const char *terminator = memchr(word, '\0', (size_t)(end - word));
  if (terminator == NULL)
    return NULL;
  *cursor = terminator + 1;
  return word;
}

/* A list key of a step, or of a COLLECT. Returns 1 if taken, 0 if the key is no list, -EPROTO if the value or the count is not allowed. */
static int take_list(struct step_plan *step, const char *key, char *value) {
  if (step->collect.asked) {
    if (strcmp(key, "path") != 0)
      return 0;
    if (step->argument_count == PLAN_ARGUMENT_MAX || strlen(value) > PLAN_PATH_MAX || !word_components(value))
      return -EPROTO;
    step->argument[step->argument_count++] = value;
    return 1;
  }
  if (strcmp(key, "argument") == 0) {
    if (step->argument_count == PLAN_ARGUMENT_MAX || (step->argument_count == 0 && value[0] == '\0'))
      return -EPROTO;
    step->argument[step->argument_count++] = value;
    return 1;
  }
  if (strcmp(key, "environment") == 0) {
    if (step->environment_count == PLAN_ENVIRONMENT_MAX || value[0] == '=' || strchr(value, '=') == NULL)
      return -EPROTO;
    step->environment[step->environment_count++] = value;
    return 1;
  }
  return 0;
}

/* One pass over the pairs. `step` is NULL where no list key is allowed. Seen keys are bits: each exactly once. */
static int take_pairs(const struct key *keys, size_t count, char *text, size_t size, uint8_t *base,
                      struct step_plan *step) {
  const char *cursor = text;
  const char *end = text + size;
  uint32_t seen = 0;
  while (cursor != end) {
    const char *name = next(&cursor, end);
    const char *value = name == NULL ? NULL : next(&cursor, end);
    if (value == NULL)
      return -EPROTO;
    int listed = step == NULL ? 0 : take_list(step, name, text + (value - text));
    if (listed < 0)
      return listed;
    if (listed == 1)
      continue;
    size_t index = find(keys, count, name);
    if (index == count || (seen & (uint32_t)1 << index) != 0 || !store(&keys[index], value, base))
      return -EPROTO;
    seen |= (uint32_t)1 << index;
  }
  return seen == ((uint32_t)1 << count) - 1 ? 0 : -EPROTO;
}

int plan_sandbox(const uint8_t *bytes, size_t size, struct sandbox_plan *out) {
  if (size > FRAME_PAYLOAD_MAX)
    return -EPROTO;
  memset(out, 0, sizeof *out);
  int result = take_pairs(sandbox_keys, sizeof sandbox_keys / sizeof *sandbox_keys, (char *)(uintptr_t)bytes, size,
                          (uint8_t *)out, NULL);
  if (result == 0 && strcmp(out->apparmor, "none") == 0)
    out->apparmor[0] = '\0';
  return result;
}

int plan_step(const uint8_t *bytes, size_t size, struct step_plan *out) {
  if (size > sizeof out->text)
    return -EPROTO;
  memset(out, 0, offsetof(struct step_plan, argument));
  memcpy(out->text, bytes, size);
  int result = take_pairs(step_keys, sizeof step_keys / sizeof *step_keys, out->text, size, (uint8_t *)out, out);
  if (result != 0 || out->argument_count == 0)
    return -EPROTO;
  out->argument[out->argument_count] = NULL;
  out->environment[out->environment_count] = NULL;
  return 0;
}

/* Of what a step has and a COLLECT does not say, the least that the collector needs. What it writes is bounded by what it was asked for: no
 * entry has more than one record, and none of these a longer head than this (collect.h). */
static void complete_collect(struct step_plan *out) {
  enum { RECORD_BYTES = 32, SUMMARY_BYTES = 4096, OPEN_FILES = PLAN_DEPTH_MAX + 32, STACK_BYTES = 1 << 20 };
  memcpy(out->name, "collect", sizeof "collect");
  memcpy(out->directory, "/", sizeof "/");
  out->processes = 1;
  out->open_files = OPEN_FILES;
  out->file_bytes = 1;
  out->stack_bytes = STACK_BYTES;
  out->output_bytes = out->collect.bytes + out->collect.name_bytes + (out->collect.entries + PLAN_ARGUMENT_MAX) * RECORD_BYTES + SUMMARY_BYTES;
}

int plan_collect(const uint8_t *bytes, size_t size, struct step_plan *out) {
  if (size > sizeof out->text)
    return -EPROTO;
  memset(out, 0, offsetof(struct step_plan, argument));
  memcpy(out->text, bytes, size);
  out->collect.asked = true;
  int result = take_pairs(collect_keys, sizeof collect_keys / sizeof *collect_keys, out->text, size, (uint8_t *)out, out);
  if (result != 0)
    return result;
  out->argument[out->argument_count] = NULL;
  out->environment[0] = NULL;
  complete_collect(out);
  return 0;
}

int plan_file(const uint8_t *bytes, size_t size, struct file_plan *out) {
  enum { HEAD = 12 };
  if (size <= HEAD || size - HEAD > PLAN_PATH_MAX)
    return -EPROTO;
  out->mode = 0;
  out->size = 0;
  for (unsigned at = 0; at < 4; at++)
    out->mode |= (uint32_t)bytes[at] << (8 * at);
  for (unsigned at = 0; at < 8; at++)
    out->size |= (uint64_t)bytes[4 + at] << (8 * at);
  memcpy(out->path, bytes + HEAD, size - HEAD);
  out->path[size - HEAD] = '\0';
  out->in_run = (out->mode & PLAN_FILE_RUN) != 0;
  out->mode &= ~(uint32_t)PLAN_FILE_RUN;
  if (out->in_run && strncmp(out->path, "run/", 4) != 0)
    return -EPROTO;
  /* Permission bits only: a set-uid or sticky file is never asked for by us. */
  if (out->mode > 0777 || out->size > NUMBER_MAX || strlen(out->path) != size - HEAD)
    return -EPROTO;
  return word_components(out->path) ? 0 : -EPROTO;
}
