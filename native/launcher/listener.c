/* After the filter is in force few calls are left to us, and which ones is the profile's matter. Our own two carry a key in arguments that
 * the kernel does not read, and the rewritten program lets them through by that (filter_program.c). */
#include "listener.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Two halves of the key as one argument. */
static unsigned long argument_of(const struct filter_key *key, unsigned first) {
  return (unsigned long)key->half[first] | (unsigned long)key->half[first + 1] << 32;
}

static long install(const struct filter_out *out, const struct filter_key *key, unsigned long flags) {
  const struct sock_fprog program = {.len = (unsigned short)out->count, .filter = (struct sock_filter *)(uintptr_t)out->code};
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program, 0, argument_of(key, 0), argument_of(key, 2));
  return result < 0 ? -errno : result;
}

/* Once the supervisor has heard of a call, only a fatal signal ends the wait for its answer (Linux 5.19): a program with a timer does not
 * ask twice. Without that it asks again, which costs time and nothing else. */
static long install_with_listener(const struct filter_out *out, const struct filter_key *key) {
  long listener = install(out, key, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  return listener == -EINVAL ? install(out, key, SECCOMP_FILTER_FLAG_NEW_LISTENER) : listener;
}

int listener_install(const struct shared *shared, struct listener *out) {
  static struct filter_out program;
  const bool audited = shared->audit_count > 0;
  if (getrandom(&out->key, sizeof out->key, 0) != (ssize_t)sizeof out->key)
    return -EAGAIN;
  int result = filter_telling(shared->filter, shared->filter_count, audited ? FILTER_BENEATH : FILTER_ENFORCED, &out->key, &program);
  if (result < 0)
    return result;
  if (audited) {
    /* The kernel itself enforces the filter: whatever is observed on top of it cannot let more through. */
    long beneath = install(&program, &out->key, 0);
    if (beneath < 0)
      return (int)beneath;
    result = filter_telling(shared->audit, shared->audit_count, FILTER_OBSERVING, &out->key, &program);
    if (result < 0)
      return result;
  }
  out->descriptor = (int)install_with_listener(&program, &out->key);
  return out->descriptor < 0 ? out->descriptor : 0;
}

int listener_hand_over(int channel, const struct message *message, const struct listener *listener) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))}};
  struct message copy = *message;
  struct iovec part = {.iov_base = &copy, .iov_len = sizeof copy};
  struct mmsghdr head = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes}};
  memcpy(CMSG_DATA(&control.header), &listener->descriptor, sizeof listener->descriptor);
  long sent = syscall(SYS_sendmmsg, channel, &head, 1, MSG_NOSIGNAL, argument_of(&listener->key, 0), argument_of(&listener->key, 2));
  if (sent < 0)
    return -errno;
  return sent == 1 && head.msg_len == sizeof copy ? 0 : -EPROTO;
}
