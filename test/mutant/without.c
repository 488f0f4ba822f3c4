/* Compiled once a mutant, with its own list: WITHOUT="landlock,read-back". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"

static const char *const names[LAYERS] = {
#define LAYER(name, text) text,
#include "layer.def"
#undef LAYER
};

static bool absent[LAYERS];

static void leave_out(const char *name) {
  for (unsigned at = 0; at < LAYERS; at++)
    if (strcmp(names[at], name) == 0) {
      absent[at] = true;
      return;
    }
  fprintf(stderr, "mutant: there is no layer %s\n", name);
  abort();
}

/* Before main. A name that means nothing must not give a launcher that is whole. */
__attribute__((constructor)) static void read_list(void) {
  char list[] = WITHOUT;
  for (char *name = strtok(list, ","); name != NULL; name = strtok(NULL, ","))
    leave_out(name);
}

bool without(enum layer layer) { return absent[layer]; }
