/* Row 80: running before everybody else. Each in a child, so that the control's machine keeps its order. */
#include "probe.h"
#include <sched.h>
#include <sys/resource.h>

static long policy(int kind, int priority)
{
	struct sched_param parameters = { .sched_priority = priority };
	return sched_setscheduler(0, kind, &parameters);
}
static long fifo(void) { return policy(SCHED_FIFO, 1); }
static long round_robin(void) { return policy(SCHED_RR, 1); }
static long batch(void) { return policy(SCHED_BATCH, 0); }
static long deadline(void)
{
	struct { unsigned size, policy; unsigned long long flags; int nice; unsigned priority; unsigned long long runtime, deadline, period; }
		attributes = { 48, 6, 0, 0, 0, 1000000, 10000000, 10000000 };
	return syscall(SYS_sched_setattr, 0L, &attributes, 0UL);
}
static long negative_nice(void) { return setpriority(PRIO_PROCESS, 0, -5); }
static long realtime_io(void) { return syscall(SYS_ioprio_set, 1L, 0L, 1L << 13); }
static long first_process(void) { return setpriority(PRIO_PROCESS, 1, getpriority(PRIO_PROCESS, 1)); }
static long raise_limit(void)
{
	struct rlimit limit = { 99, 99 };
	return setrlimit(RLIMIT_RTPRIO, &limit);
}
static long migrate(void) { return syscall(SYS_migrate_pages, 0L, 0UL, NULL, NULL); }
static long memory_policy(void) { return syscall(SYS_set_mempolicy, 0L, NULL, 0UL); }

int main(void)
{
	saw_in_child("fifo", fifo);
	saw_in_child("round-robin", round_robin);
	saw_in_child("deadline", deadline);
	saw_in_child("negative-nice", negative_nice);
	saw_in_child("realtime-io", realtime_io);
	saw_in_child("nice-of-process-1", first_process);
	saw_in_child("batch", batch);
	saw_in_child("raise-limit", raise_limit);
	saw_in_child("migrate-pages", migrate);
	saw_in_child("memory-policy", memory_policy);
	return 0;
}
