/* Row 36: files whose content the host's kernel acts on, opened for writing; nothing is written. */
#include "probe.h"

int main(void)
{
	saw_open("core-pattern", "/proc/sys/kernel/core_pattern", O_WRONLY);
	saw_open("modprobe", "/proc/sys/kernel/modprobe", O_WRONLY);
	saw_open("hotplug", "/proc/sys/kernel/hotplug", O_WRONLY);
	saw_open("binfmt-misc", "/proc/sys/fs/binfmt_misc/register", O_WRONLY);
	saw_open("uevent-helper", "/sys/kernel/uevent_helper", O_WRONLY);
	saw_open("host-name", "/proc/sys/kernel/hostname", O_WRONLY);
	saw_open("drop-caches", "/proc/sys/vm/drop_caches", O_WRONLY);
	return 0;
}
