/* Stage numbers to wire names. */
#include "stage.h"

static const char *const names[STAGE_COUNT] = {
    "none",
#define STAGE(name, text) text,
#include "stage.def"
#undef STAGE
};

const char *stage_name(uint32_t stage) { return stage < STAGE_COUNT ? names[stage] : names[0]; }
