/* Parts that hold descriptors: the backlog, the channel between our own processes, control files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backlog.h"
#include "cgroup_file.h"
#include "channel.h"
#include "launcher-driver.h"

enum { PEERS = 16 };

/* What the peer of a connection reads until its end: the text of one frame, or nothing. */
static void print_peer(int peer) {
  char text[512];
  ssize_t got = read(peer, text, sizeof text - 1);
  text[got < 0 ? 0 : got] = '\0';
  printf(",%s", got > 5 ? text + 5 : "null");
}

/* Letters: a add, f first, d drop the first, w whether it waits, r refuse those whose time is up, R refuse all. The first word is how many
 * slots there are. Then what each peer read. */
void driver_backlog(const uint8_t *bytes, size_t size) {
  static struct backlog backlog;
  char *words[DRIVER_WORDS + 1];
  int ends[PEERS][2];
  unsigned peers = 0;
  backlog.count = 0;
  (void)driver_words(bytes, size, words);
  printf("[\"%s\"", words[1]);
  for (const char *letter = words[1]; *letter != '\0'; letter++) {
    if (*letter == 'a' && peers < PEERS && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends[peers]) == 0) {
      int result = backlog_add(&backlog, (unsigned)strtoul(words[0], NULL, 10), ends[peers][1]);
      if (result < 0)
        close(ends[peers][1]);
      printf(",%d", result == -ENOBUFS ? -1 : result);
      peers++;
    }
    for (unsigned at = 0; *letter == 'f' && at < peers; at++)
      if (backlog_first(&backlog) == ends[at][1])
        printf(",%u", at);
    if (*letter == 'f' && backlog_first(&backlog) < 0)
      printf(",-1");
    if (*letter == 'd')
      backlog_drop_first(&backlog);
    if (*letter == 'w')
      printf(",%d", backlog_wait_ms(&backlog, UINT64_MAX));
    if (*letter == 'r')
      backlog_refuse(&backlog, 0, "busy");
    /* The peers have gone before, so that nobody is waited for. */
    for (unsigned at = 0; *letter == 'R' && at < peers; at++)
      (void)shutdown(ends[at][0], SHUT_WR);
    if (*letter == 'R')
      backlog_refuse(&backlog, UINT64_MAX, "draining");
  }
  for (unsigned at = 0; at < peers; at++) {
    print_peer(ends[at][0]);
    close(ends[at][0]);
  }
  while (backlog.count > 0)
    backlog_drop_first(&backlog);
  putchar(']');
}

/* Raw bytes with so many descriptors, as channel_send never sends them: put together by hand, since what the receiver must refuse is not to come
 * from the code that is under test. */
static void send_raw(int channel, size_t length, unsigned count) {
  enum { MANY = 8 };
  char bytes[sizeof(struct message) + 8] = {0};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * MANY)];
  } control = {.bytes = {0}};
  struct iovec part = {.iov_base = bytes, .iov_len = length};
  struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
  int descriptors[MANY] = {2, 2, 2, 2, 2, 2, 2, 2};
  if (count > 0) {
    head.msg_control = control.bytes;
    head.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *item = CMSG_FIRSTHDR(&head);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(item), descriptors, sizeof(int) * count);
  }
  if (sendmsg(channel, &head, MSG_NOSIGNAL) < 0)
    printf("\"not sent\",");
}

static unsigned open_descriptors(void) {
  unsigned count = 0;
  for (int at = 0; at < 256; at++)
    count += fcntl(at, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

/* size of the record, number of descriptors → result, how many came, how many are open that were not before */
void driver_channel(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  int ends[2];
  int descriptors[CHANNEL_DESCRIPTORS];
  struct message message;
  (void)driver_words(bytes, size, words);
  unsigned before = open_descriptors();
  if (channel_pair(ends) < 0)
    return;
  printf("[");
  if (strcmp(words[0], "closed") == 0)
    close(ends[1]);
  else if (strcmp(words[0], "whole") == 0)
    send_raw(ends[1], sizeof message, (unsigned)strtoul(words[1], NULL, 10));
  else
    send_raw(ends[1], strtoul(words[0], NULL, 10), (unsigned)strtoul(words[1], NULL, 10));
  int result = channel_receive(ends[0], &message, descriptors);
  unsigned came = 0;
  for (unsigned at = 0; at < CHANNEL_DESCRIPTORS; at++) {
    came += descriptors[at] >= 0 ? 1 : 0;
    if (descriptors[at] >= 0)
      close(descriptors[at]);
  }
  close(ends[0]);
  if (strcmp(words[0], "closed") != 0)
    close(ends[1]);
  printf("\"%s\",%u,%d]", result == 0 ? "message" : result == -EPROTO ? "refused" : "gone", came, (int)(open_descriptors() - before));
}

/* directory, file: read as a control file into 64 bytes, written, and read as a number */
void driver_group_file(const uint8_t *bytes, size_t size) {
  char *words[DRIVER_WORDS + 1];
  char text[64];
  uint64_t number = 0;
  uint64_t optional = 0;
  (void)driver_words(bytes, size, words);
  int group = open(words[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int read_result = cgroup_file_read(group, words[1], text, sizeof text);
  int number_result = cgroup_file_read_number(group, words[1], &number);
  int optional_result = cgroup_file_read_optional(group, words[1], &optional);
  printf("{\"read\":%d,\"number\":%d,\"value\":\"%" PRIu64 "\",\"optional\":%d}", read_result, number_result, number, optional_result);
  close(group);
}
