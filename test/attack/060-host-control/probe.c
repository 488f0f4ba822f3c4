/* Row 60: calls that rule the machine, with arguments that can do no harm: a bad pointer or a bad number. EFAULT, EINVAL and
 * the like mean that the kernel looked at the arguments, so that the call was within reach. */
#include "probe.h"

#define BAD ((void *)-1L)

static void try_call(const char *attempt, long result)
{
	if (result >= 0 || (errno != EPERM && errno != ENOSYS))
		saw_text(attempt, "reached");
	else
		saw(attempt, result);
}

int main(void)
{
	try_call("kexec_load", syscall(SYS_kexec_load, 0UL, 1UL, BAD, 0UL));
	try_call("kexec_file_load", syscall(320, -1, -1, 0UL, BAD, 0UL));
	try_call("reboot", syscall(SYS_reboot, 1, 2, 3, BAD));
	try_call("swapon", syscall(SYS_swapon, BAD, 0));
	try_call("swapoff", syscall(SYS_swapoff, BAD));
	try_call("init_module", syscall(SYS_init_module, BAD, 64UL, BAD));
	try_call("finit_module", syscall(SYS_finit_module, -1, BAD, 0));
	try_call("delete_module", syscall(SYS_delete_module, BAD, 0));
	try_call("acct", syscall(SYS_acct, BAD));
	try_call("quotactl", syscall(SYS_quotactl, 0x80000700, BAD, 0, BAD));
	try_call("settimeofday", syscall(SYS_settimeofday, BAD, NULL));
	try_call("clock_settime", syscall(SYS_clock_settime, 0, BAD));
	try_call("sethostname", syscall(SYS_sethostname, BAD, -1));
	try_call("syslog", syscall(SYS_syslog, 3, BAD, -1));
	try_call("bpf", syscall(SYS_bpf, 5, BAD, 48));
	try_call("perf_event_open", syscall(SYS_perf_event_open, BAD, 0, -1, -1, 0UL));
	try_call("open_by_handle_at", syscall(SYS_open_by_handle_at, -1, BAD, 0));
	try_call("userfaultfd", syscall(SYS_userfaultfd, -1));
	try_call("pivot_root", syscall(SYS_pivot_root, BAD, BAD));
	try_call("chroot", syscall(SYS_chroot, BAD));
#ifdef __x86_64__
	try_call("iopl", syscall(SYS_iopl, 77));
	try_call("ioperm", syscall(SYS_ioperm, -1L, -1L, 1));
	try_call("nfsservctl", syscall(180, 0, BAD, BAD));
	try_call("lookup_dcookie", syscall(212, 0UL, BAD, 0UL));
#endif
	return 0;
}
