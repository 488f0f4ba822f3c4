/* Plans, frames and conversations, printed as they were understood. Text of a list goes out in hexadecimal: it may be any bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher-driver.h"
#include "launcher-stream.h"

static void print_refused(void) { printf("{\"refused\":true}"); }

static void print_hexadecimal(const char *text, size_t size) {
  putchar('"');
  for (size_t at = 0; at < size; at++)
    printf("%02x", (unsigned char)text[at]);
  putchar('"');
}

static void print_sandbox(const struct sandbox_plan *plan) {
  printf("{\"id\":\"%s\",\"image\":\"%s\",\"hostname\":\"%s\",\"apparmor\":\"%s\",\"workspace\":", plan->id, plan->image, plan->hostname, plan->apparmor);
  print_hexadecimal(plan->workspace, strlen(plan->workspace));
  printf(",\"uid\":\"%" PRIu64 "\",\"gid\":\"%" PRIu64 "\",\"memory-bytes\":\"%" PRIu64 "\",\"disk-bytes\":\"%" PRIu64 "\",\"disk-inodes\":\"%" PRIu64
         "\",\"processes\":\"%" PRIu64 "\",\"cpu-millis\":\"%" PRIu64 "\",\"landlock-abi-minimum\":\"%" PRIu64 "\",\"lifetime-ms\":\"%" PRIu64 "\"",
         plan->uid, plan->gid, plan->memory_bytes, plan->disk_bytes, plan->disk_inodes, plan->processes, plan->cpu_millis, plan->landlock_abi_minimum,
         plan->lifetime_ms);
  printf(",\"proc\":\"%s\",\"loopback\":\"%s\"}", plan->proc_pid_only ? "pid-only" : "masked", plan->loopback_up ? "up" : "down");
}

void driver_sandbox(const uint8_t *bytes, size_t size) {
  static struct sandbox_plan plan;
  memset(&plan, 0xff, sizeof plan);
  if (plan_sandbox(bytes, size, &plan) < 0)
    print_refused();
  else
    print_sandbox(&plan);
}

static void print_list(const char *name, char *const *list, unsigned count) {
  printf(",\"%s\":[", name);
  for (unsigned at = 0; at < count; at++) {
    printf("%s", at == 0 ? "" : ",");
    print_hexadecimal(list[at], strlen(list[at]));
  }
  printf("],\"%s-ended\":%s", name, list[count] == NULL ? "true" : "false");
}

static void print_step(const struct step_plan *plan) {
  printf("{\"name\":\"%s\",\"directory\":", plan->name);
  print_hexadecimal(plan->directory, strlen(plan->directory));
  printf(",\"wall-ms\":\"%" PRIu64 "\",\"cpu-ms\":\"%" PRIu64 "\",\"memory-bytes\":\"%" PRIu64 "\",\"processes\":\"%" PRIu64 "\",\"open-files\":\"%" PRIu64
         "\",\"file-bytes\":\"%" PRIu64 "\",\"stack-bytes\":\"%" PRIu64 "\",\"output-bytes\":\"%" PRIu64 "\",\"stdin\":\"%s\"",
         plan->wall_ms, plan->cpu_ms, plan->memory_bytes, plan->processes, plan->open_files, plan->file_bytes, plan->stack_bytes, plan->output_bytes,
         plan->stdin_stream ? "stream" : "empty");
  print_list("argument", plan->argument, plan->argument_count);
  print_list("environment", plan->environment, plan->environment_count);
  putchar('}');
}

void driver_step(const uint8_t *bytes, size_t size) {
  static struct step_plan plan;
  memset(&plan, 0xff, sizeof plan);
  if (plan_step(bytes, size, &plan) < 0)
    print_refused();
  else
    print_step(&plan);
}

void driver_collect(const uint8_t *bytes, size_t size) {
  static struct step_plan plan;
  memset(&plan, 0xff, sizeof plan);
  if (plan_collect(bytes, size, &plan) < 0) {
    print_refused();
    return;
  }
  const struct collect_plan *collect = &plan.collect;
  printf("{\"name\":\"%s\",\"root\":", plan.name);
  print_hexadecimal(collect->root, strlen(collect->root));
  printf(",\"contents\":\"%s\",\"entries\":\"%" PRIu64 "\",\"files\":\"%" PRIu64 "\",\"bytes\":\"%" PRIu64 "\",\"file-bytes\":\"%" PRIu64
         "\",\"name-bytes\":\"%" PRIu64 "\",\"depth\":\"%" PRIu64 "\",\"wall-ms\":\"%" PRIu64 "\",\"cpu-ms\":\"%" PRIu64 "\",\"memory-bytes\":\"%" PRIu64 "\"",
         collect->contents ? "yes" : "no", collect->entries, collect->files, collect->bytes, collect->file_bytes, collect->name_bytes, collect->depth, plan.wall_ms,
         plan.cpu_ms, plan.memory_bytes);
  print_list("path", plan.argument, plan.argument_count);
  putchar('}');
}

void driver_file(const uint8_t *bytes, size_t size) {
  static struct file_plan plan;
  memset(&plan, 0xff, sizeof plan);
  if (plan_file(bytes, size, &plan) < 0) {
    print_refused();
    return;
  }
  printf("{\"mode\":%u,%s\"size\":\"%" PRIu64 "\",\"path\":", plan.mode, plan.in_run ? "\"inRun\":true," : "", plan.size);
  print_hexadecimal(plan.path, strlen(plan.path));
  putchar('}');
}

void driver_frame(const uint8_t *bytes, size_t size) {
  struct frame frame = {0};
  long length = frame_take(bytes, size, &frame);
  if (length < 0)
    print_refused();
  else if (length == 0)
    printf("{\"more\":true}");
  else
    printf("{\"taken\":%ld,\"type\":%u,\"length\":%u,\"payload\":%td}", length, frame.type, frame.length, frame.payload - bytes);
}

static const char *result_name(int result) {
  static const char *const names[] = {"more", "step", "end", "cancel", "lost", "tree"};
  return result < 0 ? "refused" : names[result];
}

static void print_request(const struct request *request) {
  const struct shared *shared = request->shared;
  printf("],\"filterBytes\":%zu,\"auditBytes\":%zu,\"files\":[", shared->filter_count * sizeof *shared->filter, shared->audit_count * sizeof *shared->audit);
  for (const struct input_file *file = request->files; file != NULL; file = file->next) {
    printf("%s{\"path\":\"%s\",\"bytes\":", file == request->files ? "" : ",", file->plan.path);
    print_hexadecimal((const char *)file->bytes, file->have);
    putchar('}');
  }
  printf("],\"input\":");
  print_hexadecimal((const char *)request->input.bytes, request->input.size);
  printf(",\"inputEnd\":%s,\"step\":\"%s\"}", request->input.end ? "true" : "false", request->started ? request->shared->step.name : "");
}

/* A script; its first line is the size of the pieces (launcher-stream.h). */
void driver_stream(const uint8_t *bytes, size_t size) {
  static struct script script;
  static struct shared shared;
  static struct request request = {.shared = &shared};
  static struct stream_trace trace;
  const uint8_t *end = memchr(bytes, '\n', size);
  size_t head = end == NULL ? size : (size_t)(end - bytes) + 1;
  char first[16] = "";
  memcpy(first, bytes, head < sizeof first ? head : sizeof first - 1);
  script_read(bytes + head, size - head, &script);
  shared.filter_count = shared.audit_count = 0;
  stream_play(&script, (int)strtol(first, NULL, 10), &request, &trace);
  printf("{\"events\":[");
  for (unsigned at = 0; at < trace.count; at++)
    printf("%s\"%s%s%s\"", at == 0 ? "" : ",", result_name(trace.event[at].result), trace.event[at].cancel[0] == '\0' ? "" : " ", trace.event[at].cancel);
  print_request(&request);
  stream_forget(&request);
}
