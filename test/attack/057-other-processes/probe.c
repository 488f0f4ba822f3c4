/* Row 57: reading, stopping or stealing from other processes: process 1 (ours, when inside) and a child. */
#include "probe.h"
#include <sys/ptrace.h>
#include <sys/uio.h>

static pid_t child;
static char byte;
static long value;

/* SEIZE rather than ATTACH: process 1 of the control must not be left stopped. */
static long attach_first(void) { return ptrace(PTRACE_SEIZE, 1, NULL, NULL); }
static long attach_child(void) { return ptrace(PTRACE_SEIZE, child, NULL, NULL); }
static long read_first(void) { return open("/proc/1/mem", O_RDONLY | O_CLOEXEC); }
static long write_first(void) { return open("/proc/1/mem", O_WRONLY | O_CLOEXEC); }
static long environment_first(void) { int file = open("/proc/1/environ", O_RDONLY); return file < 0 ? -1 : read(file, &byte, 1); }

static long vm_read(void)
{
	struct iovec here = { &value, sizeof value }, there = { &value, sizeof value };
	return process_vm_readv(child, &here, 1, &there, 1, 0);
}
static long vm_write(void)
{
	struct iovec here = { &value, sizeof value }, there = { &value, sizeof value };
	return process_vm_writev(child, &here, 1, &there, 1, 0);
}
static long steal_descriptor(void)
{
	long process = syscall(434 /* pidfd_open */, child, 0);
	return process < 0 ? -1 : syscall(438 /* pidfd_getfd */, process, 0, 0);
}
static long compare(void) { return syscall(SYS_kcmp, getpid(), child, 1 /* KCMP_VM */, 0, 0); }
static long advise(void)
{
	struct iovec there = { (void *)0x400000, 4096 };
	long process = syscall(434, child, 0);
	return process < 0 ? -1 : syscall(440 /* process_madvise */, process, &there, 1, 20 /* MADV_COLD */, 0);
}

int main(void)
{
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	saw_in_child("attach-process-1", attach_first);
	saw_in_child("read-memory-of-process-1", read_first);
	saw_in_child("write-memory-of-process-1", write_first);
	saw_in_child("read-environment-of-process-1", environment_first);
	saw_in_child("attach-other", attach_child);
	saw_in_child("read-memory-of-other", vm_read);
	saw_in_child("write-memory-of-other", vm_write);
	saw_in_child("steal-descriptor", steal_descriptor);
	saw_in_child("compare", compare);
	saw_in_child("advise", advise);
	kill(child, SIGKILL);
	return 0;
}
