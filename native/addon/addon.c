/* addon.c: the N-API door of the compile core. Five functions, no state, no threads, no fork.
 *
 *   compile(request: Uint8Array) -> Buffer        struct sock_filter[], at most 4060 of them
 *   dump(request: Uint8Array) -> string           the same rules as libseccomp's PFC, for review
 *   features() -> {libseccompVersion, apiLevel, nativeArchitecture}
 *   resolve(name: string, architecture?: string) -> number    as libseccomp numbers it
 *   nameOf(number: number) -> string | null       of this machine's own architecture
 *
 * resolve answers -1 for a name libseccomp has never heard of, and another negative number for a call that
 * exists, but not on that architecture. Every failure is a JavaScript exception; every status is checked by
 * an ordinary if, because assert() disappears from release builds. */
#include "filter.h"

#include <errno.h>
#include <node_api.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 64

static napi_value throw_text(napi_env env, const char *code, const char *text) {
  /* If even this fails there is nothing left to report to; the caller sees undefined and refuses it. */
  (void)napi_throw_error(env, code, text);
  return NULL;
}

static napi_value throw_filter_error(napi_env env, const struct filter_error *error) {
  char text[192];
  const int length = snprintf(text, sizeof(text), "seccomp %s failed at %u: %s", error->stage,
                              error->index, strerror(error->number));
  return throw_text(env, "SECCOMP_COMPILE", length > 0 ? text : "seccomp compile failed");
}

/* Parses the single Uint8Array argument. Returns false with an exception pending. */
static bool take_request(napi_env env, napi_callback_info info, struct request *request) {
  size_t count = 1;
  napi_value argument = NULL;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1) {
    throw_text(env, "SECCOMP_ARGUMENT", "expected one Uint8Array");
    return false;
  }
  bool is_array = false;
  if (napi_is_typedarray(env, argument, &is_array) != napi_ok || !is_array) {
    throw_text(env, "SECCOMP_ARGUMENT", "expected one Uint8Array");
    return false;
  }
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void *bytes = NULL;
  if (napi_get_typedarray_info(env, argument, &type, &length, &bytes, NULL, NULL) != napi_ok ||
      type != napi_uint8_array || bytes == NULL) {
    throw_text(env, "SECCOMP_ARGUMENT", "expected one Uint8Array");
    return false;
  }
  const char *fault = request_parse(bytes, length, request);
  if (fault != NULL) {
    throw_text(env, "SECCOMP_REQUEST", fault);
    return false;
  }
  return true;
}

static napi_value compile(napi_env env, napi_callback_info info) {
  struct request request;
  if (!take_request(env, info, &request)) {
    return NULL;
  }
  struct program *program = malloc(sizeof(*program));
  struct filter_error error = {ENOMEM, "memory", 0};
  if (program == NULL || filter_compile(&request, program, &error) != 0) {
    request_release(&request);
    free(program);
    return throw_filter_error(env, &error);
  }
  request_release(&request);
  napi_value result = NULL;
  const napi_status copied =
      napi_create_buffer_copy(env, program->count * sizeof(struct sock_filter),
                              program->instructions, NULL, &result);
  free(program);
  return copied == napi_ok ? result : throw_text(env, "SECCOMP_MEMORY", "out of memory");
}

static napi_value dump(napi_env env, napi_callback_info info) {
  struct request request;
  if (!take_request(env, info, &request)) {
    return NULL;
  }
  char *text = NULL;
  size_t length = 0;
  struct filter_error error = {0, "dump", 0};
  const int status = filter_dump(&request, &text, &length, &error);
  request_release(&request);
  if (status != 0) {
    return throw_filter_error(env, &error);
  }
  napi_value result = NULL;
  const napi_status copied = napi_create_string_utf8(env, text, length, &result);
  free(text);
  return copied == napi_ok ? result : throw_text(env, "SECCOMP_MEMORY", "out of memory");
}

static const char *architecture_name(uint32_t token) {
  switch (token) {
  case SCMP_ARCH_X86_64:
    return "x86_64";
  case SCMP_ARCH_AARCH64:
    return "aarch64";
  default:
    return "unsupported";
  }
}

static bool set_text(napi_env env, napi_value object, const char *name, const char *text) {
  napi_value value = NULL;
  return napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) == napi_ok &&
         napi_set_named_property(env, object, name, value) == napi_ok;
}

static napi_value features(napi_env env, napi_callback_info info) {
  (void)info;
  const struct scmp_version *version = seccomp_version();
  char text[48] = "unknown";
  if (version != NULL && snprintf(text, sizeof(text), "%u.%u.%u", version->major, version->minor,
                                  version->micro) < 0) {
    return throw_text(env, "SECCOMP_MEMORY", "cannot format the version");
  }
  napi_value result = NULL;
  napi_value level = NULL;
  if (napi_create_object(env, &result) != napi_ok ||
      !set_text(env, result, "libseccompVersion", text) ||
      !set_text(env, result, "nativeArchitecture", architecture_name(seccomp_arch_native())) ||
      napi_create_uint32(env, seccomp_api_get(), &level) != napi_ok ||
      napi_set_named_property(env, result, "apiLevel", level) != napi_ok) {
    return throw_text(env, "SECCOMP_MEMORY", "out of memory");
  }
  return result;
}

/* Copies a short ASCII string; a longer one is an error, never cut off. */
static bool take_name(napi_env env, napi_value value, char *name) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok || length == 0 ||
      length >= NAME_BYTES_MAX) {
    return false;
  }
  return napi_get_value_string_utf8(env, value, name, NAME_BYTES_MAX, &length) == napi_ok &&
         strlen(name) == length;
}

static napi_value resolve(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2] = {NULL, NULL};
  char name[NAME_BYTES_MAX];
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count < 1 ||
      count > 2 || !take_name(env, arguments[0], name)) {
    return throw_text(env, "SECCOMP_ARGUMENT", "expected a system call name");
  }
  uint32_t token = seccomp_arch_native();
  if (count == 2) {
    char architecture[NAME_BYTES_MAX];
    if (!take_name(env, arguments[1], architecture)) {
      return throw_text(env, "SECCOMP_ARGUMENT", "expected an architecture name");
    }
    token = seccomp_arch_resolve_name(architecture);
    if (token == 0) {
      return throw_text(env, "SECCOMP_ARGUMENT", "unknown architecture");
    }
  }
  napi_value result = NULL;
  if (napi_create_int32(env, seccomp_syscall_resolve_name_arch(token, name), &result) != napi_ok) {
    return throw_text(env, "SECCOMP_MEMORY", "out of memory");
  }
  return result;
}

static napi_value name_of(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = NULL;
  uint32_t number = 0;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1 ||
      napi_get_value_uint32(env, argument, &number) != napi_ok || number > INT32_MAX) {
    return throw_text(env, "SECCOMP_ARGUMENT", "expected a system call number");
  }
  char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), (int)number);
  napi_value result = NULL;
  const napi_status made = name == NULL
                               ? napi_get_null(env, &result)
                               : napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result);
  free(name);
  return made == napi_ok ? result : throw_text(env, "SECCOMP_MEMORY", "out of memory");
}

static bool add_function(napi_env env, napi_value exports, const char *name,
                         napi_callback callback) {
  napi_value function = NULL;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, NULL, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

NAPI_MODULE_INIT() {
  if (!add_function(env, exports, "compile", compile) ||
      !add_function(env, exports, "dump", dump) ||
      !add_function(env, exports, "features", features) ||
      !add_function(env, exports, "resolve", resolve) ||
      !add_function(env, exports, "nameOf", name_of)) {
    return throw_text(env, "SECCOMP_MEMORY", "cannot register the addon");
  }
  return exports;
}
