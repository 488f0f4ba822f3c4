/* Frames to the worker that carry our own words. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdint.h>

/* Sends one whole frame, waiting at most until `deadline_ns` (CLOCK_MONOTONIC). Returns 0 or -errno. The connection is
 * non-blocking. */
int answer_frame(int connection, uint8_t type, const char *payload, uint32_t length, uint64_t deadline_ns);

/* The same, of one of several process trees. `length` is at most FRAME_PAYLOAD_MAX - FRAME_TREE_HEADER. */
int answer_tree(int connection, uint32_t tree, uint8_t type, const char *payload, uint32_t length, uint64_t deadline_ns);

/* REFUSED {code, detail}; both fixed words. */
int answer_refused(int connection, const char *code, const char *detail, uint64_t deadline_ns);

/* Ends a conversation so that the last frame is read: a UNIX socket closed with unread bytes resets its peer. */
void answer_close(int connection, uint64_t deadline_ns);

#endif
