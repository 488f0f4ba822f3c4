/* A short list in the order of arrival. */
#include "backlog.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "monotonic.h"

/* Longer than any slot takes to be made new, unless something is wrong. */
static const uint64_t patience_ns = 2000000000;
/* How long a peer may take to read its refusal. */
static const uint64_t refusal_ns = 100000000;

static void remove_first(struct backlog *backlog) {
  backlog->count--;
  memmove(backlog->entry, backlog->entry + 1, backlog->count * sizeof *backlog->entry);
}

int backlog_add(struct backlog *backlog, unsigned slots, int connection) {
  if (backlog->count == slots)
    return -ENOBUFS;
  backlog->entry[backlog->count].connection = connection;
  backlog->entry[backlog->count].deadline_ns = monotonic_ns() + patience_ns;
  backlog->count++;
  return 0;
}

int backlog_first(const struct backlog *backlog) { return backlog->count == 0 ? -1 : backlog->entry[0].connection; }

void backlog_drop_first(struct backlog *backlog) {
  close(backlog->entry[0].connection);
  remove_first(backlog);
}

void backlog_refuse(struct backlog *backlog, uint64_t now_ns, const char *code) {
  while (backlog->count > 0 && backlog->entry[0].deadline_ns <= now_ns) {
    int connection = backlog->entry[0].connection;
    (void)answer_refused(connection, code, "no free slot", monotonic_ns() + refusal_ns);
    answer_close(connection, monotonic_ns() + refusal_ns);
    remove_first(backlog);
  }
}

int backlog_wait_ms(const struct backlog *backlog, uint64_t now_ns) {
  if (backlog->count == 0)
    return -1;
  uint64_t deadline = backlog->entry[0].deadline_ns;
  return deadline <= now_ns ? 0 : (int)((deadline - now_ns) / 1000000 + 1);
}
