/* A conversation played to request_take, without a socket: recv gives what has been delivered so far, and no more. */
#ifndef LAUNCHER_STREAM_H
#define LAUNCHER_STREAM_H

#include "launcher-script.h"
#include "request.h"

/* How the bytes come: as the script's cuts say, all that there is at once, or in pieces of one size. */
enum { STREAM_AS_CUT = 0, STREAM_WHOLE = -1 };

/* What request_take said, in order; the last one is a refusal, or that the connection is lost. */
struct stream_event {
  int result;
  char cancel[16];
  uint64_t state; /* a digest of all that was asked so far; 0 after a refusal, where it means nothing */
};

enum { STREAM_EVENTS = 4096 };

struct stream_trace {
  unsigned count;
  struct stream_event event[STREAM_EVENTS];
};

/* Plays it. The request is begun anew; what it holds is there to look at until stream_forget. */
void stream_play(const struct script *script, int pieces, struct request *request, struct stream_trace *trace);
void stream_forget(struct request *request);

#endif
