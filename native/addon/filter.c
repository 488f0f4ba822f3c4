/* filter.c: one program of alternating parts, two a layer: argument compares (argument.c), then libseccomp's
 * binary tree over call numbers, whose "return CONTINUE" is replaced by a jump to the next layer. libseccomp
 * alone cannot do this: a rule without arguments swallows every rule with arguments on the same call, and
 * overlapping rules with different actions have no promised order. */
#define _GNU_SOURCE
#include "filter.h"

#include "argument.h"
#include "verify.h"

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
      return fail(error, "number", ENOSYS, i);
    }
    /* "exact": a rule that cannot be expressed as it stands is an error, never silently rewritten. */
    const int status = seccomp_rule_add_exact_array(context, rule->action, call, 0, NULL);
    if (status != 0) {
      return fail(error, "rule", -status, i);
    }
  }
  return 0;
}

static scmp_filter_ctx build_tree(const struct request *request, uint32_t index,
                                  struct filter_error *error) {
  const struct request_layer *layer = &request->layers[index];
  scmp_filter_ctx context =
      seccomp_init(layer->continues != 0 ? CONTINUE_ACTION : layer->default_action);
  if (context == NULL) {
    fail(error, "init", EINVAL, index);
    return NULL;
  }
  const int status = set_attributes(context, request->header.architecture);
  if (status != 0) {
    fail(error, "attributes", -status, index);
  }
  if (status != 0 || add_rules(context, request, index, error) != 0) {
    seccomp_release(context);
    return NULL;
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

/* Exports the tree of one layer in either form. NULL with *error filled in when that fails. */
static uint8_t *export_tree(const struct request *request, uint32_t index, exporter export,
                            size_t *length, struct filter_error *error) {
  scmp_filter_ctx context = build_tree(request, index, error);
  if (context == NULL) {
    return NULL;
  }
  uint8_t *bytes = NULL;
  const int status = export_bytes(context, export, &bytes, length);
  seccomp_release(context);
  if (status != 0) {
    fail(error, "export", -status, index);
  }
  return bytes;
}

/* One instruction becomes one instruction, so no other jump in the layer changes. */
static void link_to_next(struct program *program, size_t from) {
  for (size_t i = from; i < program->count; i++) {
    struct sock_filter *instruction = &program->instructions[i];
    if (instruction->code == (BPF_RET | BPF_K) && instruction->k == CONTINUE_ACTION) {
      *instruction =
          (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(program->count - i - 1));
    }
  }
}

/* A layer that only compares arguments needs no tree: falling through is "continue". */
static bool needs_tree(const struct request *request, uint32_t index) {
  for (uint32_t i = 0; i < request->header.rule_count; i++) {
    if (request->rules[i].layer == index && request->rules[i].compare_count == 0) {
      return true;
    }
  }
  return request->layers[index].continues == 0;
}

static int compile_layer(const struct request *request, uint32_t index, struct program *program,
                         struct filter_error *error) {
  int status = argument_emit_layer(program, request, index);
  if (status != 0) {
    return fail(error, "arguments", -status, index);
  }
  if (!needs_tree(request, index)) {
    return 0;
  }
  size_t length = 0;
  uint8_t *bytes = export_tree(request, index, seccomp_export_bpf, &length, error);
  if (bytes == NULL) {
    return -1;
  }
  const size_t start = program->count;
  status = length % sizeof(struct sock_filter) != 0
               ? -EIO
               : program_append(program, (const struct sock_filter *)(const void *)bytes,
                                length / sizeof(struct sock_filter));
  free(bytes);
  if (status != 0) {
    return fail(error, "append", -status, index);
  }
  link_to_next(program, start);
  return 0;
}

int filter_compile(const struct request *request, struct program *program,
                   struct filter_error *error) {
  program->count = 0;
  const int status = argument_emit_prologue(program, request->header.architecture);
  if (status != 0) {
    return fail(error, "prologue", -status, 0);
  }
  for (uint32_t i = 0; i < request->header.layer_count; i++) {
    if (compile_layer(request, i, program, error) != 0) {
      return -1;
    }
  }
  const int wrong = verify_program(request, program);
  return wrong < 0 ? 0 : fail(error, "verification", EBADMSG, (uint32_t)wrong);
}

static bool print_rule(FILE *out, uint32_t architecture, const struct request_rule *rule) {
  static const char *const words[] = {"?", "!=", "<", "<=", "==", ">=", ">"};
  char *name = seccomp_syscall_resolve_num_arch(architecture, rule->call);
  bool good = fprintf(out, "if ($syscall == %d # %s\n", rule->call, name != NULL ? name : "?") > 0;
  free(name);
  for (uint32_t i = 0; good && i < rule->compare_count; i++) {
    const struct request_compare *compare = &rule->compares[i];
    good = fprintf(out, "    and ($a%u & 0x%llx) %s 0x%llx\n", compare->index,
                   (unsigned long long)compare->mask, words[compare->operator],
                   (unsigned long long)compare->value) > 0;
  }
  return good && fprintf(out, "  ) action 0x%08x;\n", rule->action) > 0;
}

static bool print_arguments(FILE *out, const struct request *request, uint32_t layer) {
  bool good = true;
  for (uint32_t i = 0; good && i < request->header.rule_count; i++) {
    const struct request_rule *rule = &request->rules[i];
    if (rule->layer == layer && rule->compare_count > 0) {
      good = print_rule(out, request->header.architecture, rule);
    }
  }
  return good;
}

static int dump_layer(const struct request *request, uint32_t index, FILE *out,
                      struct filter_error *error) {
  if (fprintf(out, "# layer %u of %u\n", index + 1, request->header.layer_count) <= 0 ||
      !print_arguments(out, request, index)) {
    return fail(error, "write", EIO, index);
  }
  if (!needs_tree(request, index)) {
    return 0;
  }
  size_t length = 0;
  uint8_t *bytes = export_tree(request, index, seccomp_export_pfc, &length, error);
  if (bytes == NULL) {
    return -1;
  }
  const char *note = request->layers[index].continues != 0
                         ? "# TRACE(21332) stands for: go on with the next layer\n"
                         : "";
  const bool written = fputs(note, out) >= 0 && fwrite(bytes, 1, length, out) == length;
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
