/* The newest ABI that the kernel offers (Documentation/userspace-api/landlock.rst). Handled here: device nodes, ioctls on devices,
 * TCP unless the job has a loopback, and scopes for abstract sockets and signals. Reading, writing and executing beneath the root
 * are not handled: the root is the job's own, and handling them would cost each lookup. */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
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

/* The newest ABI of this kernel, 0 if it has none, or -errno. */
static int newest_abi(void) {
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
  if (abi < 0)
    return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
  return (int)abi;
}

/* Takes of the wanted rules those that the ABI knows. */
static int restrict_self(int abi, struct ruleset rules) {
  size_t size = sizeof rules.files;
  if (abi >= ABI_NETWORK)
    size = 2 * sizeof rules.files;
  if (abi >= ABI_SCOPE)
    size = sizeof rules;
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
  if (ruleset < 0)
    return -errno;
  int result = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ? abi : -errno;
  close(ruleset);
  return result;
}

int landlock_restrict(bool loopback) {
  int abi = newest_abi();
  struct ruleset rules = {.files = make_device_nodes, .network = loopback ? 0 : tcp, .scopes = scopes};
  return abi <= 0 ? abi : restrict_self(abi, rules);
}

/* Whether the rules bite: this is refused before it is looked at where it would lead (security/landlock/net.c). */
static int check_refused(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0)
    return errno == EAFNOSUPPORT ? 0 : -errno;
  int result = connect(connection, (const struct sockaddr *)&address, sizeof address);
  int error = errno;
  close(connection);
  return result < 0 && error == EACCES ? 0 : -ENOTRECOVERABLE;
}

int landlock_restrict_launcher(void) {
  int abi = newest_abi();
  if (abi < ABI_NETWORK)
    return abi < 0 ? abi : 0;
  int result = restrict_self(abi, (struct ruleset){.network = tcp, .scopes = scopes});
  if (result < 0)
    return result;
  int refused = check_refused();
  return refused < 0 ? refused : abi;
}
