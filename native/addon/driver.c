/* driver.c: the compile core without Node, for sanitizers and for review by hand.
 * Usage: addon-driver compile|dump|damage < request > result. Exit 0 done, 1 refused, 2 used wrongly.
 * `damage` changes the compiled program in one place after another and prints each change that the verifier
 * let pass, then how many it was shown. */
#include "filter.h"
#include "layer.h"
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than any request the parser accepts, so the driver's own limit never decides. */
#define INPUT_BYTES_MAX ((size_t)4 << 20)

typedef int (*verb_function)(const struct request *request, struct filter_error *error);

static int write_compiled(const struct request *request, struct filter_error *error) {
  static struct program program;
  if (filter_compile(request, &program, error) != 0) {
    return -1;
  }
  const size_t written =
      fwrite(program.instructions, sizeof(struct sock_filter), program.count, stdout);
  return written == program.count ? 0 : -1;
}

static int write_dump(const struct request *request, struct filter_error *error) {
  char *text = NULL;
  size_t length = 0;
  if (filter_dump(request, &text, &length, error) != 0) {
    return -1;
  }
  const int status = fwrite(text, 1, length, stdout) == length ? 0 : -1;
  free(text);
  return status;
}

/* The damages an instruction can take; false when it has no such field. */
static bool damage_instruction(struct sock_filter *instruction, unsigned int kind) {
  const bool is_jump = BPF_CLASS(instruction->code) == BPF_JMP;
  const bool is_conditional = is_jump && BPF_OP(instruction->code) != BPF_JA;
  switch (kind) {
  case 0:
    instruction->k += BPF_CLASS(instruction->code) == BPF_LD ? 4 : 1;
    return true;
  case 1:
    instruction->k -= BPF_CLASS(instruction->code) == BPF_LD ? 4 : 1;
    return true;
  case 2:
    instruction->jt++;
    return is_conditional;
  case 3:
    instruction->jf++;
    return is_conditional;
  default:
    instruction->code = BPF_JMP | BPF_JSET | BPF_K;
    return is_conditional;
  }
}

static size_t show_damages(const struct request *request, const struct program *trees,
                           struct program *program) {
  size_t shown = 0;
  for (size_t at = 0; at < program->count; at++) {
    const struct sock_filter whole = program->instructions[at];
    for (unsigned int kind = 0; kind < 5; kind++) {
      if (damage_instruction(&program->instructions[at], kind)) {
        shown++;
        if (verify_program(request, trees, program) < 0) {
          printf("passed: %zu %u\n", at, kind);
        }
      }
      program->instructions[at] = whole;
    }
  }
  return shown;
}

static int write_damages(const struct request *request, struct filter_error *error) {
  static struct program program;
  if (filter_compile(request, &program, error) != 0) {
    return -1;
  }
  struct program *trees = layer_compile_trees(request, error);
  if (trees == NULL) {
    return -1;
  }
  const size_t shown = show_damages(request, trees, &program);
  free(trees);
  return printf("shown: %zu\n", shown) > 0 ? 0 : -1;
}

/* NULL for a word that is none. */
static verb_function verb_named(const char *name) {
  if (strcmp(name, "compile") == 0) {
    return write_compiled;
  }
  if (strcmp(name, "dump") == 0) {
    return write_dump;
  }
  return strcmp(name, "damage") == 0 ? write_damages : NULL;
}

static int run(verb_function verb, const uint8_t *bytes, size_t length) {
  struct request request;
  const char *fault = request_parse(bytes, length, &request);
  if (fault != NULL) {
    fprintf(stderr, "%s\n", fault);
    return 1;
  }
  struct filter_error error = {0, "output", 0};
  const int status = verb(&request, &error);
  request_release(&request);
  if (status != 0) {
    fprintf(stderr, "%s %u: %s\n", error.stage, error.index, strerror(error.number));
    return 1;
  }
  return 0;
}

int main(int count, char **arguments) {
  const verb_function verb = count == 2 ? verb_named(arguments[1]) : NULL;
  if (verb == NULL) {
    fprintf(stderr, "usage: addon-driver compile|dump|damage < request\n");
    return 2;
  }
  uint8_t *bytes = malloc(INPUT_BYTES_MAX);
  if (bytes == NULL) {
    return 2;
  }
  const size_t length = fread(bytes, 1, INPUT_BYTES_MAX, stdin);
  const int status = ferror(stdin) != 0 ? 2 : run(verb, bytes, length);
  free(bytes);
  return status;
}
