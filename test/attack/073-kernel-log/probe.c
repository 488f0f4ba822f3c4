/* Row 73: the kernel's log by syslog(2): 3 reads all, 10 is the buffer's size, 9 what is unread, 1 opens. None of them clears it. */
#include "probe.h"

int main(void)
{
	static char text[4096];
	saw("read-all", syscall(SYS_syslog, 3UL, text, sizeof text));
	saw("size", syscall(SYS_syslog, 10UL, NULL, 0UL));
	saw("high-bit-size", syscall(SYS_syslog, 10UL | 1UL << 32, NULL, 0UL));
	saw("unread", syscall(SYS_syslog, 9UL, NULL, 0UL));
	saw("open-log", syscall(SYS_syslog, 1UL, NULL, 0UL));
	saw_open("device-read", "/dev/kmsg", O_RDONLY);
	saw_open("device-write", "/dev/kmsg", O_WRONLY);
	saw_read("proc", "/proc/kmsg");
	return 0;
}
