/* Row 54: io_uring, which does without system calls what a filter would have denied. */
#include "probe.h"

int main(void)
{
	/* 120 bytes of struct io_uring_params, all zero. */
	char parameters[120] = { 0 };
	saw("setup", syscall(SYS_io_uring_setup, 4, parameters));
	saw("enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0));
	saw("register", syscall(SYS_io_uring_register, -1, 0, NULL, 0));
	return 0;
}
