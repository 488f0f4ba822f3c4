/* Row 55: handling one's own page faults, by the call (flag 1: user mode only) and by the device. */
#include "probe.h"

int main(void)
{
	saw("all-faults", syscall(SYS_userfaultfd, (unsigned long)O_CLOEXEC));
	saw("user-faults-only", syscall(SYS_userfaultfd, (unsigned long)O_CLOEXEC | 1UL));
	saw("high-bit", syscall(SYS_userfaultfd, (unsigned long)O_CLOEXEC | 1UL | 1UL << 32));
	saw_open("device", "/dev/userfaultfd", O_RDWR);
	return 0;
}
