/* The stages and how a failure at one of them travels: stage, errno, index. Nothing else is ever reported
 * about a failure, so that no foreign text has to be escaped. */
#ifndef STAGE_H
#define STAGE_H

#include <stdint.h>

enum stage {
  STAGE_NONE,
#define STAGE(name, text) STAGE_##name,
#include "stage.def"
#undef STAGE
  STAGE_COUNT,
};

/* Where it failed, why (a positive errno), and which of several (the mask, the file, the check). */
struct failure {
  uint32_t stage;
  int32_t error;
  int32_t index;
};

/* The name on the wire. Any value is safe: an unknown one reads "none". */
const char *stage_name(uint32_t stage);

#endif
