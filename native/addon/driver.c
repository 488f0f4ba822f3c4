/* driver.c: the compile core without Node, for sanitizers and for review by hand.
 * Usage: addon-driver compile|dump < request > result. Exit 0 done, 1 refused, 2 used wrongly. */
#include "filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than any request the parser accepts, so the driver's own limit never decides. */
#define INPUT_BYTES_MAX (4u * 1024u * 1024u)

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

static int run(const char *verb, const uint8_t *bytes, size_t length) {
  struct request request;
  const char *fault = request_parse(bytes, length, &request);
  if (fault != NULL) {
    fprintf(stderr, "%s\n", fault);
    return 1;
  }
  struct filter_error error = {0, "output", 0};
  const int status = strcmp(verb, "dump") == 0 ? write_dump(&request, &error)
                                               : write_compiled(&request, &error);
  request_release(&request);
  if (status != 0) {
    fprintf(stderr, "%s %u: %s\n", error.stage, error.index, strerror(error.number));
    return 1;
  }
  return 0;
}

int main(int count, char **arguments) {
  if (count != 2 || (strcmp(arguments[1], "compile") != 0 && strcmp(arguments[1], "dump") != 0)) {
    fprintf(stderr, "usage: addon-driver compile|dump < request\n");
    return 2;
  }
  uint8_t *bytes = malloc(INPUT_BYTES_MAX);
  if (bytes == NULL) {
    return 2;
  }
  const size_t length = fread(bytes, 1, INPUT_BYTES_MAX, stdin);
  const int status = ferror(stdin) != 0 ? 2 : run(arguments[1], bytes, length);
  free(bytes);
  return status;
}
