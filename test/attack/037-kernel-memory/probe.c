/* Row 37: the keyboard's power switch and the kernel's memory as files. */
#include "probe.h"

int main(void)
{
	saw_open("sysrq-trigger", "/proc/sysrq-trigger", O_WRONLY);
	saw_read("kcore", "/proc/kcore");
	saw_open("dev-mem", "/dev/mem", O_RDONLY);
	saw_open("dev-kmem", "/dev/kmem", O_RDONLY);
	saw_open("dev-port", "/dev/port", O_RDONLY);
	saw_open("dev-kmsg", "/dev/kmsg", O_RDONLY);
	return 0;
}
