/* Row 82: clocks (with times that the kernel refuses, or without a change) and names (the one that stands). */
#include "probe.h"
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

/* Those of a time namespace for one's children, which unshare would have made. */
static long time_offsets(void)
{
	syscall(SYS_unshare, 0x80UL);
	int file = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	return file < 0 ? -1 : write(file, "monotonic 1 0", 13);
}

int main(void)
{
	struct timespec impossible = { 0, 2000000000 };
	struct timeval impossible_too = { 0, 2000000 };
	struct timex nothing = { 0 };
	char name[256] = "", domain[256] = "";
	if (gethostname(name, sizeof name - 1) != 0 || getdomainname(domain, sizeof domain - 1) != 0)
		return 1;
	if (adjtimex(&nothing) < 0)
		nothing.tick = 10000;
	nothing.modes = ADJ_TICK;
	saw("set-clock", syscall(SYS_clock_settime, (long)CLOCK_REALTIME, &impossible));
	saw("set-time-of-day", syscall(SYS_settimeofday, &impossible_too, NULL));
	saw("adjust", syscall(SYS_adjtimex, &nothing));
	saw("adjust-by-clock", syscall(SYS_clock_adjtime, (long)CLOCK_REALTIME, &nothing));
	saw("host-name", sethostname(name, strlen(name)));
	saw("domain-name", setdomainname(domain, strlen(domain)));
	saw("host-name-high-bit", syscall(SYS_sethostname, name, strlen(name) | 1UL << 32));
	saw_open("host-name-file", "/proc/sys/kernel/hostname", O_WRONLY);
	saw_in_child("time-offsets", time_offsets);
	saw_open("real-time-clock", "/dev/rtc0", O_RDONLY);
	return 0;
}
