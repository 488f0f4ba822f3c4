/* Row 67: options of prctl and operations of seccomp, each in a child. */
#include "probe.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static unsigned long words[5];
static struct sock_filter all[] = { { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
static struct sock_fprog program = { 1, all };

static long option(void) { return syscall(SYS_prctl, words[0], words[1], words[2], words[3], words[4]); }
static long further(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? syscall(SYS_seccomp, words[0], words[1], words[2]) : -1; }

static void try_option(const char *attempt, unsigned long one, unsigned long two, unsigned long three, unsigned long four)
{
	words[0] = one, words[1] = two, words[2] = three, words[3] = four, words[4] = 0;
	saw_in_child(attempt, option);
}
static void try_filter(const char *attempt, unsigned long operation, unsigned long flags, const void *value)
{
	words[0] = operation, words[1] = flags, words[2] = (unsigned long)value;
	saw_in_child(attempt, further);
}

/* Options whose answer is not EPERM when all else is -1: those that reach the kernel. */
static void sweep(void)
{
	char text[512] = "";
	for (unsigned long number = 0; number < 100; number++) {
		int status = 0;
		pid_t child = fork();
		if (child == 0) {
			errno = 0;
			long result = syscall(SYS_prctl, number, -1UL, -1UL, -1UL, -1UL);
			/* An unknown option gives EINVAL everywhere: those that only other machines know look alike. */
			_exit(result >= 0 || (errno != EPERM && errno != EINVAL) ? 1 : errno == EINVAL ? 2 : 0);
		}
		waitpid(child, &status, 0);
		if (status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 2 && number > 42 && number < 65))
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lu", text[0] != '\0' ? " " : "", number);
	}
	saw_text("options-reached", text);
}

int main(void)
{
	const unsigned long high = 1UL << 32;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	try_option("PR_SET_MM", PR_SET_MM, PR_SET_MM_BRK, (unsigned long)sbrk(0), 0);
	try_option("PR_SET_PTRACER", PR_SET_PTRACER, -1UL, 0, 0);
	try_option("PR_SET_SECUREBITS", PR_SET_SECUREBITS, 0, 0, 0);
	try_option("PR_CAPBSET_DROP", PR_CAPBSET_DROP, 0, 0, 0);
	try_option("PR_CAP_AMBIENT_RAISE", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0);
	try_option("PR_SET_SPECULATION_CTRL", PR_SET_SPECULATION_CTRL, 0, 2, 0);
	try_option("PR_SCHED_CORE", 62, 0, 0, 0);
	try_option("PR_SET_MEMORY_MERGE", 67, 1, 0, 0);
	try_option("PR_SET_SYSCALL_USER_DISPATCH", 59, 0, 0, 0);
	try_option("PR_SET_IO_FLUSHER", 57, 1, 0, 0);
	try_option("PR_SET_TSC", PR_SET_TSC, PR_TSC_ENABLE, 0, 0);
	try_option("PR_MCE_KILL", PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0);
	try_option("PR_SET_ENDIAN", PR_SET_ENDIAN, 0, 0, 0);
	try_option("high-bit-PR_SET_MM", PR_SET_MM | high, PR_SET_MM_BRK, (unsigned long)sbrk(0), 0);
	try_option("high-bit-PR_SET_TSC", PR_SET_TSC | high, PR_TSC_ENABLE, 0, 0);
	sweep();
	try_filter("listener", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	try_filter("listener-high-bit", SECCOMP_SET_MODE_FILTER | high, SECCOMP_FILTER_FLAG_NEW_LISTENER | high, &program);
	try_filter("thread-sync", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	try_filter("log", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program);
	try_filter("allow-speculation", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
	try_filter("notification-sizes", SECCOMP_GET_NOTIF_SIZES, 0, page);
	try_filter("further-filter", SECCOMP_SET_MODE_FILTER, 0, &program);
	try_filter("unknown-operation", 99, 0, page);
	return 0;
}
