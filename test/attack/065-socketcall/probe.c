/* Row 65: a netlink socket by int 0x80: through socketcall (102), and by the number that 32-bit x86 has for socket (359). */
#include "probe.h"
#include <sys/mman.h>

#ifdef __x86_64__
static long interrupt(long number, unsigned one, unsigned two, unsigned three)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(one), "c"(two), "d"(three) : "memory", "r8", "r9", "r10", "r11");
	errno = (int)result < 0 ? -(int)result : 0;
	return (int)result < 0 ? -1 : 0;
}
static long socketcall(void)
{
	/* Below 4 GiB, where a 32-bit pointer can name it. */
	unsigned *arguments = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (arguments == MAP_FAILED)
		return -1;
	arguments[0] = 16;
	arguments[1] = 3;
	arguments[2] = 0;
	return interrupt(102, 1, (unsigned)(unsigned long)arguments, 0);
}
static long by_number(void) { return interrupt(359, 16, 3, 0); }
static long ipc(void) { return interrupt(117, 23, 0x5354, 4096) == 0 || errno == ENOENT ? 0 : -1; }
#endif

int main(void)
{
#ifdef __x86_64__
	saw_in_child("socketcall", socketcall);
	saw_in_child("socket", by_number);
	saw_in_child("ipc", ipc);
#else
	saw_text("socketcall", "other-machine");
	saw_text("socket", "other-machine");
	saw_text("ipc", "other-machine");
#endif
	return 0;
}
