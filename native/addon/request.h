/* request.h: the byte form in which native/seccomp-request.ts hands resolved rules to the compile core.
 *
 * Fixed-size records in host byte order, so that the only parser is a length check and range checks:
 *
 *   header   magic, architecture token (SCMP_ARCH_*), layer count, rule count
 *   layer[]  default action, and whether "no rule matched" continues with the next layer instead
 *   rule[]   layer, system call, action, compare count, twelve compares (unused ones are zero)
 *
 * Layers are tried in order, and the first rule that matches decides; this is how one profile can hold
 * overlapping rules. Only the last layer has a default action, the others go on with the next.
 * A compare means (argument & mask) operator value, on 64 bits.
 */
#ifndef STOCKADE_ADDON_REQUEST_H
#define STOCKADE_ADDON_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#define REQUEST_MAGIC 0x31504353u /* "SCP1" */
#define REQUEST_LAYERS_MAX 64u
#define REQUEST_RULES_MAX 16384u
#define REQUEST_COMPARES_MAX 12u
#define REQUEST_ARGUMENTS 6u
/* Call numbers end far below; the bound keeps x32's bit (0x40000000) and -1 out. */
#define REQUEST_CALL_MAX 4095

/* The values of enum scmp_compare, less MASKED_EQ, which is EQ with a mask here. */
enum request_operator {
  REQUEST_NE = 1,
  REQUEST_LT = 2,
  REQUEST_LE = 3,
  REQUEST_EQ = 4,
  REQUEST_GE = 5,
  REQUEST_GT = 6,
};

struct request_header {
  uint32_t magic;
  uint32_t architecture;
  uint32_t layer_count;
  uint32_t rule_count;
};

struct request_layer {
  uint32_t default_action;
  uint32_t continues;
};

struct request_compare {
  uint32_t index;
  uint32_t operator;
  uint64_t mask;
  uint64_t value;
};

struct request_rule {
  uint32_t layer;
  int32_t call;
  uint32_t action;
  uint32_t compare_count;
  struct request_compare compares[REQUEST_COMPARES_MAX];
};

_Static_assert(sizeof(struct request_header) == 16, "the TypeScript side writes 16 bytes");
_Static_assert(sizeof(struct request_layer) == 8, "the TypeScript side writes 8 bytes");
_Static_assert(sizeof(struct request_rule) == 304, "the TypeScript side writes 304 bytes");

struct request {
  struct request_header header;
  struct request_layer *layers;
  struct request_rule *rules;
};

/* Reads and bounds-checks `length` bytes. Returns NULL, or the reason for the refusal (a fixed string).
 * On success the caller releases the copies with request_release(). */
const char *request_parse(const uint8_t *bytes, size_t length, struct request *request);

void request_release(struct request *request);

#endif
