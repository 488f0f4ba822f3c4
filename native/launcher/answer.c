/* Whole frames out, with a deadline. */
#include "answer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"
#include "monotonic.h"

/* Waits for an event. Returns 0, or -ETIMEDOUT. */
static int wait_for(int descriptor, short events, uint64_t deadline_ns) {
  for (;;) {
    uint64_t now = monotonic_ns();
    if (now >= deadline_ns)
      return -ETIMEDOUT;
    uint64_t left_ms = (deadline_ns - now) / 1000000 + 1;
    struct pollfd entry = {.fd = descriptor, .events = events};
    int ready = poll(&entry, 1, left_ms > 60000 ? 60000 : (int)left_ms);
    if (ready > 0)
      return 0;
    if (ready < 0 && errno != EINTR)
      return -errno;
  }
}

static int send_all(int connection, const uint8_t *bytes, size_t length, uint64_t deadline_ns) {
  while (length > 0) {
    ssize_t sent = send(connection, bytes, length, MSG_NOSIGNAL);
    if (sent > 0) {
      bytes += sent;
      length -= (size_t)sent;
      continue;
    }
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN)
      return -errno;
    int result = wait_for(connection, POLLOUT, deadline_ns);
    if (result < 0)
      return result;
  }
  return 0;
}

int answer_frame(int connection, uint8_t type, const char *payload, uint32_t length, uint64_t deadline_ns) {
  uint8_t bytes[FRAME_HEADER + 4096];
  if (length > FRAME_PAYLOAD_MAX)
    return -EMSGSIZE;
  uint32_t first = length < sizeof bytes - FRAME_HEADER ? length : (uint32_t)(sizeof bytes - FRAME_HEADER);
  frame_header(bytes, type, length);
  memcpy(bytes + FRAME_HEADER, payload, first);
  int result = send_all(connection, bytes, FRAME_HEADER + first, deadline_ns);
  return result < 0 ? result : send_all(connection, (const uint8_t *)payload + first, length - first, deadline_ns);
}

int answer_tree(int connection, uint32_t tree, uint8_t type, const char *payload, uint32_t length, uint64_t deadline_ns) {
  uint8_t header[FRAME_HEADER + FRAME_TREE_HEADER];
  frame_tree_header(header, tree, type, length);
  int result = send_all(connection, header, sizeof header, deadline_ns);
  return result < 0 ? result : send_all(connection, (const uint8_t *)payload, length, deadline_ns);
}

int answer_refused(int connection, const char *code, const char *detail, uint64_t deadline_ns) {
  char text[256];
  int length = snprintf(text, sizeof text, "{\"code\":\"%s\",\"detail\":\"%s\"}", code, detail);
  return answer_frame(connection, FRAME_REFUSED, text, (uint32_t)length, deadline_ns);
}

void answer_close(int connection, uint64_t deadline_ns) {
  char bytes[4096];
  if (shutdown(connection, SHUT_WR) == 0) {
    for (;;) {
      ssize_t got = read(connection, bytes, sizeof bytes);
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        break;
      if (got < 0 && wait_for(connection, POLLIN, deadline_ns) < 0)
        break;
    }
  }
  close(connection);
}
