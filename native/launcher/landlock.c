/* The newest ABI that the kernel offers (Documentation/userspace-api/landlock.rst). Handled here: device nodes, ioctls on devices,
 * TCP unless the job has a loopback, and scopes for abstract sockets and signals. Reading, writing and executing beneath the root
 * are not handled: the root is the job's own, and handling them would cost each lookup. */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ruleset {
  uint64_t files;
  uint64_t network;
  uint64_t scopes;
};

enum { CREATE_VERSION = 1, ABI_NETWORK = 4, ABI_IOCTL = 5, ABI_SCOPE = 6 };

static const uint64_t make_device_nodes = (1ULL << 6) | (1ULL << 11); /* MAKE_CHAR, MAKE_BLOCK */
static const uint64_t tcp = 3;                                         /* BIND_TCP, CONNECT_TCP */
static const uint64_t scopes = 3;                                      /* ABSTRACT_UNIX_SOCKET, SIGNAL */

int landlock_restrict(bool loopback) {
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
  if (abi < 0)
    return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
  struct ruleset rules = {.files = make_device_nodes};
  size_t size = sizeof rules.files;
  if (abi >= ABI_NETWORK) {
    rules.network = loopback ? 0 : tcp;
    size = 2 * sizeof rules.files;
  }
  if (abi >= ABI_SCOPE) {
    rules.scopes = scopes;
    size = sizeof rules;
  }
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
  if (ruleset < 0)
    return -errno;
  int result = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ? (int)abi : -errno;
  close(ruleset);
  return result;
}
