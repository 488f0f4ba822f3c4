// Times one way of starting a trivial program, as a whole, many times: the bench's stop-watch.
//   spawn exec COUNT PAUSE PROGRAM [ARGUMENT...]          fork, execve, wait
//   spawn chroot COUNT PAUSE ROOT PROGRAM [ARGUMENT...]   the same, below ROOT: it changes its root once, before the first run
//   spawn launch COUNT PAUSE SOCKET REQUEST-FILE          connect, send the request, read until the launcher's last frame
//   spawn post COUNT PAUSE PORT REQUEST-FILE WORD         connect to loopback, send, read until the other side closes, look for WORD
// PAUSE is what lies between two runs, microseconds: 0 for back to back.
// Prints one line a run: nanoseconds from before the start until after the end. The launcher's request is made by
// test/bench/request.ts; all of it, END included, goes out in one write.
#define _GNU_SOURCE
#include "stop-watch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAME_HEADER_BYTES = 5, FRAME_FINISHED = 68, FRAME_FAILED = 69, FRAME_REFUSED = 70, FRAME_DESTROYED = 71 };

static void run_exec(char **argv, int null) {
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    if (dup2(null, 0) < 0 || dup2(null, 1) < 0) _exit(126);
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

// An answer of HTTP/1.1 with `Connection: close`: it ends where the connection does.
static void run_post(uint16_t port, const unsigned char *request, size_t length, const char *word) {
  static char answer[65536];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  write_exactly(descriptor, request, length);
  size_t have = 0;
  for (;;) {
    ssize_t got = read(descriptor, answer + have, sizeof answer - 1 - have);
    if (got < 0) { if (errno == EINTR) continue; fail("read"); }
    if (got == 0) break;
    have += (size_t)got;
  }
  answer[have] = 0;
  if (strstr(answer, word) == NULL) { fprintf(stderr, "spawn: no %s in: %s\n", word, answer); exit(1); }
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

// What a run needs, made before the first.
struct work {
  enum { WORK_EXEC, WORK_LAUNCH, WORK_POST } kind;
  char **words;
  unsigned char *request;
  size_t length;
  int null;
};

static void run(void *context) {
  const struct work *work = context;
  if (work->kind == WORK_EXEC) run_exec(work->words, work->null);
  else if (work->kind == WORK_LAUNCH) run_launch(work->words[0], work->request, work->length);
  else run_post((uint16_t)strtoul(work->words[0], NULL, 10), work->request, work->length, work->words[2]);
}

static void enter(const char *root) {
  if (chroot(root) != 0 || chdir("/") != 0) fail(root);
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  int launch = strcmp(mode, "launch") == 0, post = strcmp(mode, "post") == 0, below = strcmp(mode, "chroot") == 0;
  int known = launch || post || below || strcmp(mode, "exec") == 0;
  if (!known || argc < (post ? 7 : launch || below ? 6 : 5)) {
    fprintf(stderr, "usage: spawn exec|chroot|launch|post COUNT PAUSE WORD...\n");
    return 2;
  }
  struct work work = {.kind = launch ? WORK_LAUNCH : post ? WORK_POST : WORK_EXEC, .words = argv + (below ? 5 : 4)};
  work.null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (work.null < 0) fail("/dev/null");
  if (launch || post) work.request = read_file(argv[5], &work.length);
  if (below) enter(argv[4]);
  time_runs(argv[2], argv[3], run, &work);
  return 0;
}
