/* Row 43: AF_RXRPC (family 33), plainly, with bits that the kernel cuts off, as a pair, and by io_uring. */
#include "probe.h"
#include "ring.h"
#include <sys/socket.h>

static long plain(void) { return socket(33, SOCK_DGRAM, 2); }
static long high_bit(void) { return syscall(SYS_socket, 33UL | 1UL << 32, (unsigned long)SOCK_DGRAM, 2UL); }
static long top_bit(void) { return syscall(SYS_socket, 33UL | 1UL << 63, (unsigned long)SOCK_DGRAM, 2UL); }
static long pair(void) { int two[2]; return socketpair(33, SOCK_DGRAM, 2, two); }
static long by_io_uring(void) { return socket_by_ring(33, SOCK_DGRAM, 2); }

int main(void)
{
	saw_in_child("plain", plain);
	saw_in_child("high-bit", high_bit);
	saw_in_child("top-bit", top_bit);
	saw_in_child("pair", pair);
	saw_in_child("by-io-uring", by_io_uring);
	return 0;
}
