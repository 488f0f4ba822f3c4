/* filter.c: one libseccomp filter per layer, joined into one program by replacing "return CONTINUE" with a
 * jump to the next layer. libseccomp alone cannot do this: a rule without arguments swallows every rule
 * with arguments on the same call, and overlapping rules with different actions have no promised order. */
#define _GNU_SOURCE
#include "filter.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Stands for "try the next layer". TRACE is refused in requests, so this value can come from nowhere else. */
#define CONTINUE_ACTION SCMP_ACT_TRACE(0x5354)

static int fail(struct filter_error *error, const char *stage, int number, uint32_t index) {
  error->stage = stage;
  error->number = number;
  error->index = index;
  return -1;
}

static int set_attributes(scmp_filter_ctx context, uint32_t architecture) {
  /* x86_64 programs can still enter 32-bit and x32 calls, whose numbers mean something else: kill. */
  int status = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (status == 0) {
    /* 2: binary tree by call number; a linear list costs hundreds of instructions per call. */
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

static int add_rule(scmp_filter_ctx context, const struct request_rule *rule) {
  struct scmp_arg_cmp compares[REQUEST_COMPARES_MAX];
  memset(compares, 0, sizeof(compares));
  for (uint32_t i = 0; i < rule->compare_count; i++) {
    compares[i].arg = rule->compares[i].index;
    compares[i].op = (enum scmp_compare)rule->compares[i].operator;
    compares[i].datum_a = rule->compares[i].first;
    compares[i].datum_b = rule->compares[i].second;
  }
  /* "exact": a rule that cannot be expressed as it stands is an error, never silently rewritten. */
  return seccomp_rule_add_exact_array(context, rule->action, rule->call, rule->compare_count,
                                      compares);
}

static scmp_filter_ctx build_layer(const struct request *request, uint32_t index,
                                   struct filter_error *error) {
  const struct request_layer *layer = &request->layers[index];
  scmp_filter_ctx context =
      seccomp_init(layer->continues != 0 ? CONTINUE_ACTION : layer->default_action);
  if (context == NULL) {
    fail(error, "init", EINVAL, index);
    return NULL;
  }
  int status = set_attributes(context, request->header.architecture);
  if (status != 0) {
    fail(error, "attributes", -status, index);
    seccomp_release(context);
    return NULL;
  }
  for (uint32_t i = 0; i < request->header.rule_count; i++) {
    if (request->rules[i].layer != index) {
      continue;
    }
    status = add_rule(context, &request->rules[i]);
    if (status != 0) {
      fail(error, "rule", -status, i);
      seccomp_release(context);
      return NULL;
    }
  }
  return context;
}

typedef int (*exporter)(const scmp_filter_ctx context, int descriptor);

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
static int export_bytes(scmp_filter_ctx context, exporter export, uint8_t **bytes, size_t *length) {
  const int descriptor = memfd_create("stockade-seccomp", MFD_CLOEXEC);
  if (descriptor < 0) {
    return -errno;
  }
  int status = export(context, descriptor);
  const off_t size = status == 0 ? lseek(descriptor, 0, SEEK_END) : 0;
  if (status == 0 && size <= 0) {
    status = -EIO;
  }
  if (status == 0) {
    *length = (size_t)size;
    *bytes = malloc(*length);
    status = *bytes == NULL ? -ENOMEM : read_all(descriptor, *bytes, *length);
    if (status != 0) {
      free(*bytes);
    }
  }
  if (close(descriptor) != 0 && status == 0) {
    free(*bytes);
    status = -errno;
  }
  return status;
}

static bool is_continue(const struct sock_filter *instruction) {
  return instruction->code == (BPF_RET | BPF_K) && instruction->k == CONTINUE_ACTION;
}

/* One instruction becomes one instruction, so no other jump in the layer changes. */
static void link_to_next(struct sock_filter *layer, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (is_continue(&layer[i])) {
      layer[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(count - i - 1));
    }
  }
}

static bool has_continue(const struct filter_program *program) {
  for (size_t i = 0; i < program->count; i++) {
    if (is_continue(&program->instructions[i])) {
      return true;
    }
  }
  return false;
}

static int append(struct filter_program *program, const uint8_t *bytes, size_t length,
                  bool continues) {
  const size_t added = length / sizeof(struct sock_filter);
  if (length % sizeof(struct sock_filter) != 0) {
    return -EIO;
  }
  if (program->count + added > FILTER_INSTRUCTIONS_MAX) {
    return -E2BIG;
  }
  struct sock_filter *grown =
      realloc(program->instructions, (program->count + added) * sizeof(struct sock_filter));
  if (grown == NULL) {
    return -ENOMEM;
  }
  program->instructions = grown;
  memcpy(grown + program->count, bytes, length);
  if (continues) {
    link_to_next(grown + program->count, added);
  }
  program->count += added;
  return 0;
}

static int compile_layer(const struct request *request, uint32_t index,
                         struct filter_program *program, struct filter_error *error) {
  scmp_filter_ctx context = build_layer(request, index, error);
  if (context == NULL) {
    return -1;
  }
  uint8_t *bytes = NULL;
  size_t length = 0;
  int status = export_bytes(context, seccomp_export_bpf, &bytes, &length);
  seccomp_release(context);
  if (status != 0) {
    return fail(error, "export", -status, index);
  }
  status = append(program, bytes, length, request->layers[index].continues != 0);
  free(bytes);
  return status == 0 ? 0 : fail(error, "append", -status, index);
}

int filter_compile(const struct request *request, struct filter_program *program,
                   struct filter_error *error) {
  memset(program, 0, sizeof(*program));
  for (uint32_t i = 0; i < request->header.layer_count; i++) {
    if (compile_layer(request, i, program, error) != 0) {
      filter_program_release(program);
      return -1;
    }
  }
  /* A "continue" that survived would trap to a tracer that is not there: refuse rather than guess. */
  if (has_continue(program)) {
    filter_program_release(program);
    return fail(error, "link", EINVAL, request->header.layer_count - 1);
  }
  return 0;
}

static int dump_layer(const struct request *request, uint32_t index, FILE *out,
                      struct filter_error *error) {
  scmp_filter_ctx context = build_layer(request, index, error);
  if (context == NULL) {
    return -1;
  }
  uint8_t *bytes = NULL;
  size_t length = 0;
  const int status = export_bytes(context, seccomp_export_pfc, &bytes, &length);
  seccomp_release(context);
  if (status != 0) {
    return fail(error, "export", -status, index);
  }
  const char *note = request->layers[index].continues != 0
                         ? " (TRACE(21332) stands for: go on with the next layer)"
                         : "";
  const bool written =
      fprintf(out, "# layer %u of %u%s\n", index + 1, request->header.layer_count, note) > 0 &&
      fwrite(bytes, 1, length, out) == length;
  free(bytes);
  return written ? 0 : fail(error, "write", EIO, index);
}

int filter_dump(const struct request *request, char **text, size_t *length,
                struct filter_error *error) {
  *text = NULL;
  FILE *out = open_memstream(text, length);
  if (out == NULL) {
    return fail(error, "memory", errno, 0);
  }
  int status = 0;
  for (uint32_t i = 0; status == 0 && i < request->header.layer_count; i++) {
    status = dump_layer(request, i, out, error);
  }
  if (fclose(out) != 0 && status == 0) {
    status = fail(error, "memory", errno, 0);
  }
  if (status != 0) {
    free(*text);
    *text = NULL;
  }
  return status;
}

void filter_program_release(struct filter_program *program) {
  free(program->instructions);
  program->instructions = NULL;
  program->count = 0;
}
