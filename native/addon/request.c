/* request.c: the only parser of the addon. Everything behind it may trust the numbers. */
#include "request.h"

#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *check_header(const struct request_header *header, size_t length) {
  if (header->magic != REQUEST_MAGIC) {
    return "request: wrong magic";
  }
  if (header->architecture != SCMP_ARCH_X86_64 && header->architecture != SCMP_ARCH_AARCH64) {
    return "request: architecture is neither x86_64 nor aarch64";
  }
  if (header->layer_count == 0 || header->layer_count > REQUEST_LAYERS_MAX) {
    return "request: layer count out of range";
  }
  if (header->rule_count > REQUEST_RULES_MAX) {
    return "request: rule count out of range";
  }
  const size_t expected = sizeof(struct request_header) +
                          header->layer_count * sizeof(struct request_layer) +
                          header->rule_count * sizeof(struct request_rule);
  return length == expected ? NULL : "request: length does not fit the counts";
}

/* NOTIFY and TRACE are missing on purpose: nobody listens, so they would mean "fails" or "hangs". */
static bool action_is_known(uint32_t action) {
  if ((action & 0xffff0000u) == SCMP_ACT_ERRNO(0)) {
    const uint32_t number = action & 0xffffu;
    return number >= 1 && number <= 4095; /* MAX_ERRNO of the kernel; 0 would pretend success */
  }
  return action == SCMP_ACT_KILL_PROCESS || action == SCMP_ACT_KILL_THREAD ||
         action == SCMP_ACT_TRAP || action == SCMP_ACT_LOG || action == SCMP_ACT_ALLOW;
}

static const char *check_layers(const struct request *request) {
  const uint32_t last = request->header.layer_count - 1;
  for (uint32_t i = 0; i <= last; i++) {
    const struct request_layer *layer = &request->layers[i];
    /* Only the last layer may decide by default, and it must: no path falls off the end. */
    if (layer->continues != (i < last ? 1u : 0u)) {
      return "request: every layer but the last continues, and the last does not";
    }
    if (i == last && !action_is_known(layer->default_action)) {
      return "request: unknown default action";
    }
  }
  return NULL;
}

static const char *check_rule(const struct request *request, const struct request_rule *rule) {
  if (rule->layer >= request->header.layer_count) {
    return "request: rule names a layer that does not exist";
  }
  if (!action_is_known(rule->action)) {
    return "request: unknown action";
  }
  if (rule->call < 0 || rule->call > REQUEST_CALL_MAX) {
    return "request: system call number out of range";
  }
  if (rule->compare_count > REQUEST_COMPARES_MAX) {
    return "request: too many compares";
  }
  for (uint32_t i = 0; i < rule->compare_count; i++) {
    const struct request_compare *compare = &rule->compares[i];
    if (compare->index >= REQUEST_ARGUMENTS) {
      return "request: argument index out of range";
    }
    if (compare->operator < REQUEST_NE || compare->operator > REQUEST_GT) {
      return "request: unknown operator";
    }
  }
  return NULL;
}

static const char *check_contents(const struct request *request) {
  const char *fault = check_layers(request);
  for (uint32_t i = 0; fault == NULL && i < request->header.rule_count; i++) {
    fault = check_rule(request, &request->rules[i]);
  }
  return fault;
}

const char *request_parse(const uint8_t *bytes, size_t length, struct request *request) {
  memset(request, 0, sizeof(*request));
  if (length < sizeof(request->header)) {
    return "request: shorter than its header";
  }
  memcpy(&request->header, bytes, sizeof(request->header));
  const char *fault = check_header(&request->header, length);
  if (fault != NULL) {
    return fault;
  }
  /* Copied, because a JavaScript buffer promises no alignment and may be changed under our feet. */
  const size_t layer_bytes = request->header.layer_count * sizeof(struct request_layer);
  const size_t rule_bytes = request->header.rule_count * sizeof(struct request_rule);
  request->layers = malloc(layer_bytes);
  request->rules = malloc(rule_bytes + 1);
  if (request->layers == NULL || request->rules == NULL) {
    request_release(request);
    return "request: out of memory";
  }
  memcpy(request->layers, bytes + sizeof(request->header), layer_bytes);
  memcpy(request->rules, bytes + sizeof(request->header) + layer_bytes, rule_bytes);
  fault = check_contents(request);
  if (fault != NULL) {
    request_release(request);
  }
  return fault;
}

void request_release(struct request *request) {
  free(request->layers);
  free(request->rules);
  request->layers = NULL;
  request->rules = NULL;
}
