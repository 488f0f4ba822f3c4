/* A table of option → setter. */
#include "options.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "word.h"

typedef bool setter(struct options *options, char *value);

static bool set_path(const char **to, const char *value) {
  *to = value;
  return word_absolute(value, false);
}

static bool set_instance(struct options *options, char *value) {
  options->instance = value;
  return word_of(value, "abcdefghijklmnopqrstuvwxyz0123456789-", 32);
}
static bool set_socket(struct options *options, char *value) {
  return set_path(&options->socket, value) && strlen(value) < 100;
}
static bool set_slots_dir(struct options *options, char *value) { return set_path(&options->slots_dir, value); }
static bool set_slots(struct options *options, char *value) {
  return word_number(value, 1, OPTIONS_SLOTS, &options->slots);
}
static bool set_base_ids(struct options *options, char *value) {
  return word_number(value, 1, UINT32_MAX, &options->base_ids);
}
static bool set_ids_per_slot(struct options *options, char *value) {
  /* 65534 must be mapped: it is where the kernel shows ids it cannot map. */
  return word_number(value, 65535, UINT32_MAX, &options->ids_per_slot);
}
static bool set_waiting_slots(struct options *options, char *value) {
  return word_number(value, 0, OPTIONS_SLOTS, &options->waiting_slots);
}
static bool set_waiting_room(struct options *options, char *value) {
  return word_number(value, 0, UINT64_MAX >> 11, &options->waiting_room_bytes);
}
static bool set_inner(struct options *options, char *value) { return word_number(value, 3, 1000, &options->inner); }
static bool set_host_namespaces(struct options *options, char *value) {
  options->host_namespaces = value;
  return word_of(value, "0123456789,", 256);
}
static bool add_peer(struct options *options, char *value) {
  return options->peers < OPTIONS_PEERS && word_number(value, 0, UINT32_MAX - 1, &options->peer_uid[options->peers++]);
}
static bool add_cgroup_root(struct options *options, char *value) {
  if (options->cgroup_roots == OPTIONS_CGROUP_ROOTS)
    return false;
  options->cgroup_root[options->cgroup_roots++] = value;
  return true;
}

static const struct {
  const char *name;
  setter *set;
} rows[] = {
    {"--instance", set_instance},
    {"--slots", set_slots},
    {"--socket", set_socket},
    {"--peer-uid", add_peer},
    {"--slots-dir", set_slots_dir},
    {"--base-ids", set_base_ids},
    {"--ids-per-slot", set_ids_per_slot},
    {"--cgroup-root", add_cgroup_root},
    {"--waiting-slots", set_waiting_slots},
    {"--waiting-room-bytes", set_waiting_room},
    {"--host-namespaces", set_host_namespaces}, /* this and the next: */
    {"--inner", set_inner},                     /* the front's own doing, when it executes itself again inside the outer user namespace */
};

static setter *find(const char *name) {
  for (unsigned at = 0; at < sizeof rows / sizeof *rows; at++)
    if (strcmp(rows[at].name, name) == 0)
      return rows[at].set;
  return NULL;
}

int options_read(int count, char **words, struct options *out, const char **fault) {
  *out = (struct options){.waiting_slots = UINT64_MAX, .waiting_room_bytes = UINT64_MAX};
  for (int at = 1; at < count; at += 2) {
    setter *set = find(words[at]);
    *fault = words[at];
    if (set == NULL || at + 1 == count || !set(out, words[at + 1]))
      return -EINVAL;
  }
  *fault = "an option is missing";
  bool complete = out->instance != NULL && out->socket != NULL && out->slots_dir != NULL && out->slots > 0 &&
                  out->base_ids > 0 && out->ids_per_slot > 0 && out->peers > 0 && out->cgroup_roots > 0 &&
                  out->waiting_slots <= OPTIONS_SLOTS && out->waiting_room_bytes < UINT64_MAX;
  bool inner_whole = (out->inner == 0) == (out->host_namespaces == NULL);
  return complete && inner_whole ? 0 : -EINVAL;
}
