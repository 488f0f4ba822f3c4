/* Row 49: the out-of-band flag on a pair of UNIX sockets. EINVAL outside says that the kernel looked for such a byte. */
#include "probe.h"
#include <sys/socket.h>

int main(void)
{
	int pair[2];
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
	const unsigned long high = 1UL << 32, flags = MSG_OOB | MSG_DONTWAIT;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return 1;
	saw("sendto", syscall(SYS_sendto, (long)pair[0], &byte, 1UL, flags, NULL, 0UL));
	saw("sendto-high-bit", syscall(SYS_sendto, (long)pair[0], &byte, 1UL, flags | high, NULL, 0UL));
	saw("sendmsg", syscall(SYS_sendmsg, (long)pair[0], &message.msg_hdr, flags));
	saw("sendmmsg", syscall(SYS_sendmmsg, (long)pair[0], &message, 1UL, flags));
	saw("recvfrom", syscall(SYS_recvfrom, (long)pair[1], &byte, 1UL, flags, NULL, NULL));
	saw("recvfrom-high-bit", syscall(SYS_recvfrom, (long)pair[1], &byte, 1UL, flags | high, NULL, NULL));
	saw("recvmsg", syscall(SYS_recvmsg, (long)pair[1], &message.msg_hdr, flags));
	saw("recvmmsg", syscall(SYS_recvmmsg, (long)pair[1], &message, 1UL, flags, NULL));
	saw("plain-send", send(pair[0], &byte, 1, MSG_DONTWAIT));
	return 0;
}
