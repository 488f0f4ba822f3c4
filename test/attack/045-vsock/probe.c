/* Row 45: a socket that no namespace holds, asked for plainly, with a high bit that the kernel cuts off, and through io_uring. */
#include "probe.h"
#include "ring.h"
#include <sys/socket.h>

static long plain(void) { return socket(40, SOCK_STREAM, 0); }
static long high_bit(void) { return syscall(SYS_socket, 40UL | 1UL << 32, (unsigned long)SOCK_STREAM, 0UL); }
static long pair(void) { int two[2]; return syscall(SYS_socketpair, 40UL, (unsigned long)SOCK_STREAM, 0UL, two) == -1 && errno == EOPNOTSUPP ? 0 : -1; }
static long by_io_uring(void) { return socket_by_ring(40, SOCK_STREAM, 0); }

int main(void)
{
	saw_in_child("plain", plain);
	saw_in_child("high-bit", high_bit);
	saw_in_child("pair", pair);
	saw_in_child("by-io-uring", by_io_uring);
	return 0;
}
