/* The supervisor as the listener of the job's filter. It gives the answer that the program itself has for the call, and writes it down.
 *
 * It decides by the numbers and registers that the kernel copied for us, by the same program that a filter without listener would have
 * run, and never by what a pointer points to: nothing can change between the question and the answer. */
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "answer.h"
#include "monotonic.h"
#include "own_filter.h"

/* A refusal costs our processor time, which no group of the job's pays for. So a program that makes them without end gets its answers no
 * faster than one in two milliseconds, after a first burst: some hundredths of a processor (docs/seccomp.md). An observed program is not
 * held back: its grant says that it may cost that. */
static const uint64_t refusal_ns = 2000000;
static const uint64_t burst_ns = 256 * (uint64_t)2000000;

/* The kernel's structures may have grown since this was compiled (seccomp(2), SECCOMP_GET_NOTIF_SIZES). */
union notice {
  struct seccomp_notif notif;
  uint8_t bytes[512];
};
union reply {
  struct seccomp_notif_resp resp;
  uint8_t bytes[512];
};

/* From the mapping that init and the job see too: what is judged by must not change under us. */
void step_refusal_copy(struct step *step) {
  const struct shared *shared = step->sandbox->request->shared;
  step->filter.count = shared->filter_count;
  memcpy(step->filter.code, shared->filter, shared->filter_count * sizeof *shared->filter);
  step->audit.count = shared->audit_count;
  memcpy(step->audit.code, shared->audit, shared->audit_count * sizeof *shared->audit);
}

int step_refusal_open(struct step *step, int listener) {
  struct seccomp_notif_sizes sizes;
  step->listener = listener;
  if (listener < 0)
    return -EPROTO;
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
    return -errno;
  return sizes.seccomp_notif <= sizeof(union notice) && sizes.seccomp_notif_resp <= sizeof(union reply) ? 0 : -EMSGSIZE;
}

void step_refusal_close(struct step *step) {
  if (step->listener >= 0)
    close(step->listener);
  step->listener = -1;
}

/* When the next question may be answered, nanoseconds from now. */
uint64_t step_refusal_wait_ns(const struct step *step, uint64_t now) {
  if (step->audit.count > 0 || step->refusals_paid_ns <= now + burst_ns)
    return 0;
  return step->refusals_paid_ns - now - burst_ns;
}

static void pay(struct step *step, uint64_t now) {
  if (step->refusals_paid_ns < now)
    step->refusals_paid_ns = now;
  step->refusals_paid_ns += refusal_ns;
}

static void reply(struct step *step, uint64_t id, int error, uint32_t flags) {
  union reply reply = {.resp = {.id = id, .error = -error, .flags = flags}};
  /* ENOENT: the caller is gone meanwhile. */
  (void)ioctl(step->listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

static pid_t process_of(pid_t thread) {
  char path[48];
  char text[512];
  snprintf(path, sizeof path, "/proc/%d/status", thread);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return -1;
  ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  text[got < 0 ? 0 : got] = '\0';
  const char *at = strstr(text, "\nTgid:");
  return at == NULL ? -1 : (pid_t)strtol(at + strlen("\nTgid:"), NULL, 10);
}

/* The caller's process ends without having an answer. If that is the program itself, or nobody knows whose it is, the step ends. */
static void kill_caller(struct step *step, const struct seccomp_notif *notif) {
  pid_t process = process_of((pid_t)notif->pid);
  int pidfd = process < 0 || process == step->job.pid ? -1 : (int)syscall(SYS_pidfd_open, process, 0);
  /* Still waiting for us, so the number was its own when it was opened. */
  bool sure = pidfd >= 0 && ioctl(step->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notif->id) == 0;
  if (!sure || syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
    step_end_job(step, "syscall");
  if (pidfd >= 0)
    close(pidfd);
}

static void enforce(struct step *step, const struct seccomp_notif *notif, struct filter_verdict verdict) {
  if ((verdict.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
    reply(step, notif->id, (int)(verdict.action & SECCOMP_RET_DATA), 0);
  else if ((verdict.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW || (verdict.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG)
    reply(step, notif->id, ENOSYS, 0); /* allowed by the job's filter, and refused by the launcher's own */
  else
    kill_caller(step, notif);
}

/* The filter that is enforced stands beneath and was asked by the kernel in the same moment; a call that it or the launcher's own refuses
 * would not go on all the same. */
static void observe(struct step *step, const struct seccomp_notif *notif, struct filter_verdict enforced) {
  if (filter_refuses(enforced.action) || own_filter_denies((unsigned)notif->data.nr))
    reply(step, notif->id, ENOSYS, 0);
  else
    reply(step, notif->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

void step_take_refusal(struct step *step) {
  union notice notice = {0};
  if (ioctl(step->listener, SECCOMP_IOCTL_NOTIF_RECV, &notice) < 0)
    return; /* the caller is gone, or a signal came first */
  uint64_t now = monotonic_ns();
  const struct seccomp_notif *notif = &notice.notif;
  struct filter_verdict verdict = filter_judge(step->filter.code, step->filter.count, &notif->data);
  uint64_t at_us = now > step->released_ns ? (now - step->released_ns) / 1000 : 0;
  pay(step, now);
  if (step->audit.count == 0) {
    refusal_note(&step->refusals, REFUSALS_TOLD, &notif->data, verdict, at_us);
    enforce(step, notif, verdict);
    return;
  }
  struct filter_verdict audited = filter_judge(step->audit.code, step->audit.count, &notif->data);
  audited.looked |= verdict.looked;
  refusal_note(&step->refusals, REFUSALS_OBSERVED, &notif->data, audited, at_us);
  observe(step, notif, verdict);
}

int step_answer_calls(struct step *step) {
  static char json[FRAME_PAYLOAD_MAX - FRAME_TREE_HEADER];
  if (step->refusals.count == 0 && step->audit.count == 0)
    return 0;
  size_t length = refusal_print(&step->refusals, step->audit.count > 0, json, sizeof json);
  return step_answer(step, FRAME_CALLS, json, (uint32_t)length, monotonic_ns() + step_patience_ns);
}
