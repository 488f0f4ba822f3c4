// Times one way of starting a trivial program, as a whole, many times: the bench's stop-watch.
//   spawn exec COUNT PAUSE PROGRAM [ARGUMENT...]   fork, execve, wait
//   spawn launch COUNT PAUSE SOCKET REQUEST-FILE   connect, send the request, read until the launcher's last frame
// PAUSE is what lies between two runs, microseconds: 0 for back to back.
// Prints one line a run: nanoseconds from before the start until after the end. The request is made by
// test/bench/request.ts; all of it, END included, goes out in one write.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_HEADER_BYTES = 5, FRAME_FINISHED = 68, FRAME_FAILED = 69, FRAME_REFUSED = 70, FRAME_DESTROYED = 71 };

static void fail(const char *what) {
  fprintf(stderr, "spawn: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec time;
  if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) fail("clock_gettime");
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void run_exec(char **argv) {
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0) _exit(126);
    execv(argv[0], argv);
    _exit(127);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) fail("waitpid");
  if (status != 0) {
    fprintf(stderr, "spawn: %s ended with status %d\n", argv[0], status);
    exit(1);
  }
}

static void read_exactly(int descriptor, unsigned char *bytes, size_t length) {
  for (size_t have = 0; have < length;) {
    ssize_t got = read(descriptor, bytes + have, length - have);
    if (got == 0) { errno = ECONNRESET; fail("launcher closed"); }
    if (got < 0) { if (errno == EINTR) continue; fail("read"); }
    have += (size_t)got;
  }
}

static void write_exactly(int descriptor, const unsigned char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t wrote = write(descriptor, bytes + done, length - done);
    if (wrote < 0) { if (errno == EINTR) continue; fail("write"); }
    done += (size_t)wrote;
  }
}

static void read_answer(int descriptor) {
  static unsigned char payload[1 << 20];
  int finished = 0;
  for (;;) {
    unsigned char header[FRAME_HEADER_BYTES];
    read_exactly(descriptor, header, sizeof header);
    uint32_t length = (uint32_t)header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16 | (uint32_t)header[3] << 24;
    if (length >= sizeof payload) { errno = EMSGSIZE; fail("frame"); }
    read_exactly(descriptor, payload, length);
    payload[length] = 0;
    if (header[4] == FRAME_FINISHED) {
      finished = strstr((char *)payload, "\"exitCode\":0") != NULL;
      if (!finished) { fprintf(stderr, "spawn: %s\n", payload); exit(1); }
    }
    if (header[4] == FRAME_DESTROYED && finished) return;
    if (header[4] >= FRAME_FAILED && header[4] != FRAME_DESTROYED) {
      fprintf(stderr, "spawn: launcher answered %d: %s\n", header[4], payload);
      exit(1);
    }
  }
}

static void run_launch(const char *path, const unsigned char *request, size_t length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) { errno = ENAMETOOLONG; fail(path); }
  strcpy(address.sun_path, path);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  write_exactly(descriptor, request, length);
  read_answer(descriptor);
  if (close(descriptor) != 0) fail("close");
}

static unsigned char *read_file(const char *path, size_t *length) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  struct stat information;
  if (descriptor < 0 || fstat(descriptor, &information) != 0) fail(path);
  *length = (size_t)information.st_size;
  unsigned char *bytes = malloc(*length);
  if (bytes == NULL) fail("malloc");
  read_exactly(descriptor, bytes, *length);
  if (close(descriptor) != 0) fail("close");
  return bytes;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: spawn exec COUNT PAUSE PROGRAM [ARGUMENT...] | spawn launch COUNT PAUSE SOCKET REQUEST-FILE\n");
    return 2;
  }
  long count = strtol(argv[2], NULL, 10);
  long pause_us = strtol(argv[3], NULL, 10);
  int launch = strcmp(argv[1], "launch") == 0;
  size_t length = 0;
  unsigned char *request = launch ? read_file(argv[5], &length) : NULL;
  for (long run = 0; run < count; run++) {
    const struct timespec pause = {.tv_sec = pause_us / 1000000, .tv_nsec = pause_us % 1000000 * 1000};
    if (pause_us > 0 && nanosleep(&pause, NULL) != 0) fail("nanosleep");
    uint64_t before = now_ns();
    if (launch) run_launch(argv[4], request, length);
    else run_exec(argv + 4);
    printf("%llu\n", (unsigned long long)(now_ns() - before));
  }
  return 0;
}
