/* The layers that a mutant of the launcher can be without. A mutant is made of the product's own objects, linked with the files of this
 * folder: what they replace they replace at the link (--wrap), so that product code has no switch of any kind. */
#ifndef LAYER_H
#define LAYER_H

#include <stdbool.h>

enum layer {
#define LAYER(name, text) LAYER_##name,
#include "layer.def"
#undef LAYER
  LAYERS
};

/* Whether this mutant is without a layer. */
bool without(enum layer layer);

/* Whose code runs: each process begins as its parent, and goes on to be more. */
enum part { PART_FRONT, PART_INNER, PART_INIT, PART_JOB };
extern enum part part;

#endif
