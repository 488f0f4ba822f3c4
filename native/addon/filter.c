/* filter.c: rules to a program. libseccomp compiles each layer (layer.c); what its programs answer, number by
 * number, is written anew as one short program (search.c), which must then agree with libseccomp's programs and
 * with the rules themselves (verify.c). Short, because the kernel compiles and walks it at every attach. */
#define _GNU_SOURCE
#include "filter.h"

#include "layer.h"
#include "search.h"
#include "verify.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static int emit_program(const struct request *request, const struct program *trees,
                        struct program *program, struct filter_error *error) {
  struct emitter *emitter = calloc(1, sizeof(*emitter));
  if (emitter == NULL) {
    return filter_fail(error, "memory", ENOMEM, 0);
  }
  search_emit(emitter, request, trees);
  const int status = emitter_finish(emitter, program);
  free(emitter);
  return status == 0 ? 0 : filter_fail(error, "program", -status, 0);
}

int filter_compile(const struct request *request, struct program *program,
                   struct filter_error *error) {
  struct program *trees = layer_compile_trees(request, error);
  if (trees == NULL) {
    return -1;
  }
  int status = emit_program(request, trees, program, error);
  if (status == 0) {
    const int64_t wrong = verify_program(request, trees, program);
    status = wrong < 0 ? 0 : filter_fail(error, "verification", EBADMSG, (uint32_t)wrong);
  }
  free(trees);
  return status;
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
    return filter_fail(error, "write", EIO, index);
  }
  if (!layer_has_tree(request, index)) {
    return 0;
  }
  size_t length = 0;
  uint8_t *bytes = layer_export(request, index, seccomp_export_pfc, &length, error);
  if (bytes == NULL) {
    return -1;
  }
  const char *note = request->layers[index].continues != 0
                         ? "# TRACE(21332) stands for: go on with the next layer\n"
                         : "";
  const bool written = fputs(note, out) >= 0 && fwrite(bytes, 1, length, out) == length;
  free(bytes);
  return written ? 0 : filter_fail(error, "write", EIO, index);
}

int filter_dump(const struct request *request, char **text, size_t *length,
                struct filter_error *error) {
  *text = NULL;
  FILE *out = open_memstream(text, length);
  if (out == NULL) {
    return filter_fail(error, "memory", errno, 0);
  }
  int status = 0;
  for (uint32_t i = 0; status == 0 && i < request->header.layer_count; i++) {
    status = dump_layer(request, i, out, error);
  }
  if (fclose(out) != 0 && status == 0) {
    status = filter_fail(error, "memory", errno, 0);
  }
  if (status != 0) {
    free(*text);
    *text = NULL;
  }
  return status;
}
