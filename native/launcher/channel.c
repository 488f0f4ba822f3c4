/* SOCK_SEQPACKET records with descriptors and credentials. */
#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int channel_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}

int channel_send(int channel, const struct message *message, const int *descriptors, unsigned count) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_DESCRIPTORS)];
  } control;
  struct message copy = *message;
  struct iovec part = {.iov_base = &copy, .iov_len = sizeof copy};
  struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > CHANNEL_DESCRIPTORS)
    return -EINVAL;
  if (count > 0) {
    memset(&control, 0, sizeof control);
    head.msg_control = control.bytes;
    head.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *item = CMSG_FIRSTHDR(&head);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(item), descriptors, sizeof(int) * count);
  }
  ssize_t sent;
  do
    sent = sendmsg(channel, &head, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0)
    return -errno;
  return sent == (ssize_t)sizeof copy ? 0 : -EPROTO;
}

static void take_control(struct msghdr *head, int *descriptors, pid_t *pid) {
  for (struct cmsghdr *item = CMSG_FIRSTHDR(head); item != NULL; item = CMSG_NXTHDR(head, item)) {
    if (item->cmsg_level != SOL_SOCKET)
      continue;
    if (item->cmsg_type == SCM_CREDENTIALS && pid != NULL) {
      struct ucred sender;
      memcpy(&sender, CMSG_DATA(item), sizeof sender);
      *pid = sender.pid;
    }
    if (item->cmsg_type != SCM_RIGHTS)
      continue;
    size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t at = 0; at < count; at++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(item) + at * sizeof(int), sizeof descriptor);
      if (descriptors != NULL && at < CHANNEL_DESCRIPTORS)
        descriptors[at] = descriptor;
      else
        close(descriptor);
    }
  }
}

/* Those that came with a message which is none: nobody will ever ask for them. */
static void drop_descriptors(int *descriptors) {
  for (unsigned at = 0; descriptors != NULL && at < CHANNEL_DESCRIPTORS; at++) {
    if (descriptors[at] >= 0)
      close(descriptors[at]);
    descriptors[at] = -1;
  }
}

static int receive(int channel, struct message *message, int *descriptors, pid_t *pid) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_DESCRIPTORS) + CMSG_SPACE(sizeof(struct ucred))];
  } control;
  struct iovec part = {.iov_base = message, .iov_len = sizeof *message};
  struct msghdr head = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control};
  for (unsigned at = 0; descriptors != NULL && at < CHANNEL_DESCRIPTORS; at++)
    descriptors[at] = -1;
  ssize_t got;
  do
    got = recvmsg(channel, &head, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0)
    return errno == ECONNRESET ? -ENOTCONN : -errno;
  take_control(&head, descriptors, pid);
  if (got == (ssize_t)sizeof *message && (head.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) == 0)
    return 0;
  drop_descriptors(descriptors);
  return got == 0 ? -ENOTCONN : -EPROTO;
}

int channel_receive(int channel, struct message *message, int *descriptors) {
  return receive(channel, message, descriptors, NULL);
}

int channel_receive_from(int channel, struct message *message, int *descriptors, pid_t *pid) {
  *pid = 0;
  return receive(channel, message, descriptors, pid);
}

int channel_await(int channel, int wait_ms) {
  struct pollfd entry = {.fd = channel, .events = POLLIN};
  int ready;
  do
    ready = poll(&entry, 1, wait_ms);
  while (ready < 0 && errno == EINTR);
  return ready > 0 ? 0 : ready == 0 ? -ETIMEDOUT : -errno;
}

int channel_tell(int channel, uint32_t kind) {
  struct message message = {.kind = kind};
  return channel_send(channel, &message, NULL, 0);
}
