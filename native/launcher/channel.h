/* Messages between front, inner, supervisor, init and job: fixed-size records over a SOCK_SEQPACKET pair, with at most
 * three descriptors. Bytes never carry a length, so there is nothing to parse. */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdint.h>
#include <sys/types.h>

#include "stage.h"

enum message_kind {
  /* front → inner → supervisor */
  MESSAGE_CONNECTION = 1, /* descriptor: a worker's connection */
  /* supervisor → init */
  MESSAGE_MAPPED, /* ids are mapped, the group is entered: prepare what every sandbox has */
  MESSAGE_SPAWN,  /* fork a job that waits; descriptor: its channel; value: the number under which its end is told where several run side by side.
                   * In a sandbox that is complete: see it to its end, as below */
  MESSAGE_BESIDE, /* from now on several jobs may run at one time: tell each one's end, and end nothing by yourself */
  MESSAGE_SIGNAL, /* value: number of a job, signal: to the process group that it leads */
  MESSAGE_BUILD,  /* a guess is in shared memory: build the root for it, ahead */
  MESSAGE_COMPLETE, /* the plan is in shared memory: build the root if there is none, and do the rest; descriptor: the input files, if there are any.
                     * Then see the job to its end: reap until it ends, kill the rest, answer MESSAGE_ENDED */
  /* init → supervisor */
  MESSAGE_ROOTED, /* of a root that was not built ahead: it is in place, and the workspace; the job may go on while init does the rest */
  MESSAGE_DONE,  /* failure.stage says whether it went well */
  MESSAGE_ENDED, /* value: wait status, CLOCK_MONOTONIC ns of the end, ns that the kill of the rest took; side by side: the job's number */
  /* job → supervisor and back */
  MESSAGE_ALIVE,    /* the job process exists; its pid comes as credentials */
  MESSAGE_PLACED,   /* it is in its groups: apply what depends on no plan, answer MESSAGE_APPLIED */
  MESSAGE_GO,       /* the root is built: apply the rest; descriptors: stdin, stdout, stderr; or value: 1, rows, columns: it is to make a
                     * terminal of that size */
  MESSAGE_TERMINAL, /* it has; descriptor: the end that is not its own */
  MESSAGE_APPLIED,  /* that is done; the second time everything is, value[0]: Landlock ABI in force; descriptor: the filter's listener;
                     * waiting for the release */
  MESSAGE_RELEASE,  /* exec */
  MESSAGE_NOT_EXECUTED, /* failure.error: why */
};

enum { CHANNEL_DESCRIPTORS = 3 };

struct message {
  uint32_t kind;
  struct failure failure;
  uint64_t value[3];
};

/* A connected pair, close-on-exec. Returns 0 or -errno. */
int channel_pair(int ends[2]);

/* Sends one message, with `count` descriptors. Returns 0 or -errno. Never raises SIGPIPE. */
int channel_send(int channel, const struct message *message, const int *descriptors, unsigned count);

/* Receives one message. 0: got one; -ENOTCONN: the other side is gone; else -errno, -EPROTO for a wrong size or descriptors that found no
 * place here (EMFILE shows as MSG_CTRUNC, unix(7)): none is kept then.
 * `descriptors` (CHANNEL_DESCRIPTORS places, may be NULL) is filled with -1 where none came; all are close-on-exec. */
int channel_receive(int channel, struct message *message, int *descriptors);

/* As channel_receive, for a message that must name its sender: `pid` is the sender as seen from this pid namespace
 * (SO_PASSCRED must be on). 0 when the kernel gave no credentials. */
int channel_receive_from(int channel, struct message *message, int *descriptors, pid_t *pid);

/* Waits until there is something to receive, or the other side is gone. 0, -ETIMEDOUT or -errno. */
int channel_await(int channel, int wait_ms);

/* A bare message of one kind. */
int channel_tell(int channel, uint32_t kind);

#endif
