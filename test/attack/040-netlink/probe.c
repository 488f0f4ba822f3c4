/* Row 40: every protocol of netlink (0 to 31), by both types; those that could be opened. */
#include "probe.h"
#include "ring.h"
#include <sys/socket.h>

static void sweep(const char *attempt, unsigned long high)
{
	char text[256] = "";
	for (unsigned long protocol = 0; protocol < 32; protocol++) {
		long raw = syscall(SYS_socket, 16UL | high, (unsigned long)SOCK_RAW, protocol);
		long datagram = syscall(SYS_socket, 16UL | high, (unsigned long)SOCK_DGRAM, protocol | high);
		if (raw >= 0 || datagram >= 0)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lu", text[0] != '\0' ? " " : "", protocol);
		close((int)raw);
		close((int)datagram);
	}
	saw_text(attempt, text);
}

static long filter_by_ring(void) { return socket_by_ring(AF_NETLINK, SOCK_RAW, 12); }

int main(void)
{
	saw("errno", socket(AF_NETLINK, SOCK_RAW, 0));
	sweep("netlink", 0);
	sweep("netlink-high-bit", 1UL << 32);
	saw_in_child("netlink-by-io-uring", filter_by_ring);
	return 0;
}
