// What all stop-watches of the bench share: how a run is timed and printed. One line a run, nanoseconds.
#ifndef STOCKADE_BENCH_STOP_WATCH_H
#define STOCKADE_BENCH_STOP_WATCH_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline void fail(const char *what) {
  fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
  exit(1);
}

static inline uint64_t now_ns(void) {
  struct timespec time;
  if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) fail("clock_gettime");
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// COUNT runs with PAUSE microseconds before each.
static inline void time_runs(const char *count, const char *pause, void (*run)(void *), void *context) {
  long runs = strtol(count, NULL, 10), pause_us = strtol(pause, NULL, 10);
  for (long at = 0; at < runs; at++) {
    const struct timespec wait = {.tv_sec = pause_us / 1000000, .tv_nsec = pause_us % 1000000 * 1000};
    if (pause_us > 0 && nanosleep(&wait, NULL) != 0) fail("nanosleep");
    uint64_t before = now_ns();
    run(context);
    printf("%llu\n", (unsigned long long)(now_ns() - before));
  }
}

#endif
