/* Row 59: counting one's own time, one's own instructions, and everything on the first processor. */
#include "probe.h"
#include <linux/perf_event.h>

static long counter(unsigned type, unsigned long long event, long process, long processor, unsigned long flags)
{
	struct perf_event_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.size = sizeof attributes;
	attributes.type = type;
	attributes.config = event;
	attributes.exclude_kernel = 1;
	return syscall(SYS_perf_event_open, &attributes, process, processor, -1L, flags);
}

int main(void)
{
	saw("own-software-event", counter(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, 0, -1, 0));
	saw("own-hardware-event", counter(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, 0, -1, 0));
	saw("whole-processor", counter(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, -1, 0, 0));
	saw("high-bit", counter(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, 1L << 32, -1, PERF_FLAG_FD_CLOEXEC));
	return 0;
}
