/* Row 61: namespaces within the sandbox, by unshare, clone, clone3 and setns. A new user namespace would give capabilities. */
#include "probe.h"
#include <sched.h>

static unsigned long flag;

static long by_unshare(void) { return unshare((int)flag); }
static long by_unshare_high(void) { return syscall(SYS_unshare, flag | 1UL << 40); }
static long by_clone(void)
{
	long child = syscall(SYS_clone, flag | SIGCHLD, NULL, NULL, NULL, NULL);
	if (child == 0)
		_exit(0);
	return child;
}
/* The kernel keeps 32 bits of the flags (kernel/fork.c, SYSCALL_DEFINE5(clone)). */
static long by_clone_high(void)
{
	long child = syscall(SYS_clone, flag | SIGCHLD | 1UL << 40, NULL, NULL, NULL, NULL);
	if (child == 0)
		_exit(0);
	return child;
}
static long by_clone3(void)
{
	unsigned long long arguments[11] = { flag, 0, 0, 0, SIGCHLD };
	long child = syscall(435, arguments, sizeof arguments);
	if (child == 0)
		_exit(0);
	return child;
}
static long by_setns(void)
{
	int descriptor = open("/proc/self/ns/uts", O_RDONLY);
	return descriptor < 0 ? -1 : setns(descriptor, 0);
}

int main(void)
{
	const struct { const char *name; unsigned long flag; } kinds[] = {
		{ "user", CLONE_NEWUSER }, { "mount", CLONE_NEWNS }, { "pid", CLONE_NEWPID }, { "net", CLONE_NEWNET },
		{ "ipc", CLONE_NEWIPC }, { "uts", CLONE_NEWUTS }, { "cgroup", CLONE_NEWCGROUP }, { "time", 0x80 },
	};
	char name[64];
	for (int at = 0; at < 8; at++) {
		flag = kinds[at].flag;
		snprintf(name, sizeof name, "unshare-%s", kinds[at].name);
		saw_in_child(name, by_unshare);
		snprintf(name, sizeof name, "unshare-high-bit-%s", kinds[at].name);
		saw_in_child(name, by_unshare_high);
		if (flag != 0x80) {
			snprintf(name, sizeof name, "clone-%s", kinds[at].name);
			saw_in_child(name, by_clone);
			snprintf(name, sizeof name, "clone-high-bit-%s", kinds[at].name);
			saw_in_child(name, by_clone_high);
		}
		snprintf(name, sizeof name, "clone3-%s", kinds[at].name);
		saw_in_child(name, by_clone3);
	}
	flag = 0;
	saw_in_child("clone3-plain", by_clone3);
	saw_in_child("setns", by_setns);
	return 0;
}
