/* Messages between supervisor, init and job: fixed-size records over a SOCK_SEQPACKET pair, at most three descriptors.
 * Bytes never carry a length, so there is nothing to parse. */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdint.h>
#include <sys/types.h>

#include "stage.h"

enum message_kind {
  /* supervisor → init */
  MESSAGE_MAPPED = 1, /* ids are mapped, the group is entered: begin */
  MESSAGE_BUILD,      /* the plan is in shared memory: build the root */
  MESSAGE_FILE,       /* create the file named in shared memory */
  MESSAGE_DATA,       /* append value[0] bytes of the shared chunk to it */
  MESSAGE_READY,      /* no more files: drop what init no longer needs */
  MESSAGE_SPAWN,      /* fork a job; descriptors: its channel, and stdin, stdout, stderr on the first four */
  MESSAGE_WAIT,       /* the job runs: reap until it ends, kill the rest, answer MESSAGE_ENDED */
  /* init → supervisor */
  MESSAGE_DONE,  /* failure.stage says whether it went well */
  MESSAGE_ENDED, /* value: wait status, CLOCK_MONOTONIC ns of the end, ns that the kill of the rest took */
  /* job → supervisor and back */
  MESSAGE_ALIVE,    /* the job process exists; its pid comes as credentials */
  MESSAGE_GO,       /* placed in its group and the root is built: apply the stages */
  MESSAGE_APPLIED,  /* everything is applied, value[0]: Landlock ABI in force; waiting for the release */
  MESSAGE_RELEASE,  /* exec */
  MESSAGE_NOT_EXECUTED, /* failure.error: why */
};

enum { CHANNEL_DESCRIPTORS = 4 };

struct message {
  uint32_t kind;
  struct failure failure;
  uint64_t value[3];
};

/* A connected pair, close-on-exec. Returns 0 or -errno. */
int channel_pair(int ends[2]);

/* Sends one message, with `count` descriptors. Returns 0 or -errno. Never raises SIGPIPE. */
int channel_send(int channel, const struct message *message, const int *descriptors, unsigned count);

/* Receives one message. 0: got one; -ENOTCONN: the other side is gone; else -errno, -EPROTO for a wrong size.
 * `descriptors` (CHANNEL_DESCRIPTORS places, may be NULL) is filled with -1 where none came; all are close-on-exec. */
int channel_receive(int channel, struct message *message, int *descriptors);

/* As channel_receive, for a message that must name its sender: `pid` is the sender as seen from this pid namespace
 * (SO_PASSCRED must be on). 0 when the kernel gave no credentials. */
int channel_receive_from(int channel, struct message *message, pid_t *pid);

/* A bare message of one kind. */
int channel_tell(int channel, uint32_t kind);

#endif
