/* layer.c: everything that libseccomp does for us. It is given the rules without compares; those with compares
 * are read by argument.c, because libseccomp alone cannot hold both: a rule without arguments swallows every
 * rule with arguments on the same call, and overlapping rules with different actions have no promised order. */
#define _GNU_SOURCE
#include "layer.h"

#include "interpret.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int filter_fail(struct filter_error *error, const char *stage, int number, uint32_t index) {
  error->stage = stage;
  error->number = number;
  error->index = index;
  return -1;
}

static int set_attributes(scmp_filter_ctx context, uint32_t architecture) {
  int status = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (status == 0) {
    /* 2: binary tree by call number; a linear list costs hundreds of instructions a call. */
    status = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  }
  if (status == 0 && architecture != seccomp_arch_native()) {
    status = seccomp_arch_remove(context, SCMP_ARCH_NATIVE);
    if (status == 0) {
      status = seccomp_arch_add(context, architecture);
    }
  }
  return status;
}

/* libseccomp wants this machine's number even in a filter for another architecture, and translates by name. */
static int native_number(uint32_t architecture, int32_t call) {
  if (architecture == seccomp_arch_native()) {
    return call;
  }
  char *name = seccomp_syscall_resolve_num_arch(architecture, call);
  if (name == NULL) {
    return __NR_SCMP_ERROR;
  }
  const int number = seccomp_syscall_resolve_name(name);
  free(name);
  return number;
}

static int add_rules(scmp_filter_ctx context, const struct request *request, uint32_t layer,
                     struct filter_error *error) {
  for (uint32_t i = 0; i < request->header.rule_count; i++) {
    const struct request_rule *rule = &request->rules[i];
    if (rule->layer != layer || rule->compare_count > 0) {
      continue;
    }
    const int call = native_number(request->header.architecture, rule->call);
    if (call == __NR_SCMP_ERROR) {
      return filter_fail(error, "number", ENOSYS, i);
    }
    /* "exact": a rule that cannot be expressed as it stands is an error, never silently rewritten. */
    const int status = seccomp_rule_add_exact_array(context, rule->action, call, 0, NULL);
    if (status != 0) {
      return filter_fail(error, "rule", -status, i);
    }
  }
  return 0;
}

static scmp_filter_ctx build_tree(const struct request *request, uint32_t index,
                                  struct filter_error *error) {
  const struct request_layer *layer = &request->layers[index];
  scmp_filter_ctx context =
      seccomp_init(layer->continues != 0 ? LAYER_CONTINUES : layer->default_action);
  if (context == NULL) {
    filter_fail(error, "init", EINVAL, index);
    return NULL;
  }
  const int status = set_attributes(context, request->header.architecture);
  if (status != 0) {
    filter_fail(error, "attributes", -status, index);
  }
  if (status != 0 || add_rules(context, request, index, error) != 0) {
    seccomp_release(context);
    return NULL;
  }
  return context;
}

static int read_all(int descriptor, uint8_t *bytes, size_t length) {
  size_t done = 0;
  while (done < length) {
    const ssize_t got = pread(descriptor, bytes + done, length - done, (off_t)done);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return -errno;
    }
    if (got == 0) {
      return -EIO;
    }
    done += (size_t)got;
  }
  return 0;
}

/* libseccomp 2.5 exports to descriptors only; a memfd keeps it off every file system. */
static int export_bytes(scmp_filter_ctx context, layer_exporter export, uint8_t **bytes, size_t *length) {
  const int descriptor = memfd_create("stockade-seccomp", MFD_CLOEXEC);
  if (descriptor < 0) {
    return -errno;
  }
  *bytes = NULL;
  int status = export(context, descriptor);
  const off_t size = status == 0 ? lseek(descriptor, 0, SEEK_END) : 0;
  if (status == 0 && size <= 0) {
    status = -EIO;
  }
  if (status == 0) {
    *length = (size_t)size;
    *bytes = malloc(*length);
    status = *bytes == NULL ? -ENOMEM : read_all(descriptor, *bytes, *length);
  }
  if (close(descriptor) != 0 && status == 0) {
    status = -errno;
  }
  if (status != 0) {
    free(*bytes);
    *bytes = NULL;
  }
  return status;
}

uint8_t *layer_export(const struct request *request, uint32_t index, layer_exporter export,
                      size_t *length, struct filter_error *error) {
  scmp_filter_ctx context = build_tree(request, index, error);
  if (context == NULL) {
    return NULL;
  }
  uint8_t *bytes = NULL;
  const int status = export_bytes(context, export, &bytes, length);
  seccomp_release(context);
  if (status != 0) {
    filter_fail(error, "export", -status, index);
  }
  return bytes;
}

bool layer_has_tree(const struct request *request, uint32_t index) {
  for (uint32_t i = 0; i < request->header.rule_count; i++) {
    if (request->rules[i].layer == index && request->rules[i].compare_count == 0) {
      return true;
    }
  }
  return request->layers[index].continues == 0;
}

/* The words of the kernel's loader for it: struct sock_filter[]. */
static int compile_tree(const struct request *request, uint32_t index, struct program *tree,
                        struct filter_error *error) {
  size_t length = 0;
  uint8_t *bytes = layer_export(request, index, seccomp_export_bpf, &length, error);
  if (bytes == NULL) {
    return -1;
  }
  const int status = length % sizeof(struct sock_filter) != 0
                         ? -EIO
                         : program_append(tree, (const struct sock_filter *)(const void *)bytes,
                                          length / sizeof(struct sock_filter));
  free(bytes);
  return status == 0 ? 0 : filter_fail(error, "append", -status, index);
}

struct program *layer_compile_trees(const struct request *request, struct filter_error *error) {
  struct program *trees = calloc(request->header.layer_count, sizeof(*trees));
  if (trees == NULL) {
    filter_fail(error, "memory", ENOMEM, 0);
    return NULL;
  }
  for (uint32_t i = 0; i < request->header.layer_count; i++) {
    if (layer_has_tree(request, i) && compile_tree(request, i, &trees[i], error) != 0) {
      free(trees);
      return NULL;
    }
  }
  return trees;
}

uint32_t layer_answer(const struct program *tree, const struct seccomp_data *data) {
  return tree->count == 0 ? LAYER_CONTINUES : interpret(tree, data);
}
