/* Never waits. */
#include "outlet.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "monotonic.h"

bool outlet_empty(const struct outlet *outlet) { return outlet->done == outlet->have; }

int outlet_flush(struct outlet *outlet, int connection) {
  while (!outlet_empty(outlet)) {
    ssize_t sent = send(connection, outlet->bytes + outlet->done, outlet->have - outlet->done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && errno == EAGAIN)
      return 0;
    if (sent < 0) {
      int error = errno;
      outlet->done = outlet->have;
      return -error;
    }
    outlet->done += (size_t)sent;
  }
  return 0;
}

int outlet_finish(struct outlet *outlet, int connection, uint64_t deadline_ns) {
  struct pollfd entry = {.fd = connection, .events = POLLOUT};
  int result = outlet_flush(outlet, connection);
  while (result == 0 && !outlet_empty(outlet)) {
    uint64_t now = monotonic_ns();
    if (now >= deadline_ns || (poll(&entry, 1, (int)((deadline_ns - now) / 1000000) + 1) < 0 && errno != EINTR))
      return -ETIMEDOUT;
    result = outlet_flush(outlet, connection);
  }
  return result;
}
