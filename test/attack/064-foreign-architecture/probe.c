/* Row 64: system calls by another door: int 0x80 (numbers of 32-bit x86) and x32 numbers. */
#include "probe.h"

#ifdef __x86_64__
static long by_interrupt(void)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20 /* getpid there */) : "memory", "r8", "r9", "r10", "r11");
	errno = result < 0 ? (int)-result : 0;
	return result < 0 ? -1 : 0;
}
static long by_x32(void) { return syscall(0x40000000L | SYS_getpid); }
#endif

int main(void)
{
#ifdef __x86_64__
	saw_in_child("int-0x80", by_interrupt);
	saw_in_child("x32", by_x32);
#else
	saw_text("int-0x80", "other-machine");
	saw_text("x32", "other-machine");
#endif
	return 0;
}
