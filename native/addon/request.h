/* request.h: the byte form in which native/seccomp-request.ts hands resolved rules to the compile core.
 *
 * Fixed-size records in host byte order, so that the only parser is a length check and range checks:
 *
 *   header   magic, architecture token (SCMP_ARCH_*), layer count, rule count
 *   layer[]  default action, and whether "no rule matched" continues with the next layer instead
 *   rule[]   layer, system call, action, compare count, six compares (unused ones are zero)
 *
 * A layer is one libseccomp filter. Layers are tried in order, and the first that matches decides; this
 * is how one profile can hold overlapping rules, which libseccomp itself resolves in no promised order.
 */
#ifndef STOCKADE_ADDON_REQUEST_H
#define STOCKADE_ADDON_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#define REQUEST_MAGIC 0x31504353u /* "SCP1" */
#define REQUEST_LAYERS_MAX 64u
#define REQUEST_RULES_MAX 16384u
#define REQUEST_COMPARES_MAX 6u

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
  uint64_t first;
  uint64_t second;
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
_Static_assert(sizeof(struct request_rule) == 160, "the TypeScript side writes 160 bytes");

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
