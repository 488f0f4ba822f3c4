/* Row 48: type/protocol of every internet socket that can be made, for protocols 0 to 299. */
#include "probe.h"
#include "ring.h"
#include <sys/socket.h>

static void sweep(const char *attempt, unsigned long family, unsigned long high)
{
	static char text[8192];
	const unsigned long types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, 6 };
	text[0] = '\0';
	for (int at = 0; at < 5; at++)
		for (unsigned long protocol = 0; protocol < 300; protocol++) {
			long descriptor = syscall(SYS_socket, family, types[at] | SOCK_CLOEXEC | high, protocol | high);
			if (descriptor < 0)
				continue;
			close((int)descriptor);
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lu/%lu", text[0] != '\0' ? " " : "", types[at], protocol);
		}
	saw_text(attempt, text);
}

static long multipath(void) { return socket(AF_INET, SOCK_STREAM, 262); }
static long multipath_by_ring(void) { return socket_by_ring(AF_INET, SOCK_STREAM, 262); }

int main(void)
{
	sweep("internet", AF_INET, 0);
	sweep("internet-6", AF_INET6, 0);
	sweep("internet-high-bits", AF_INET, 1UL << 32);
	saw("multipath", multipath());
	saw("sctp", socket(AF_INET, SOCK_STREAM, 132));
	saw("udp-lite", socket(AF_INET, SOCK_DGRAM, 136));
	saw("dccp", socket(AF_INET, 6, 33));
	saw("l2tp", socket(AF_INET, SOCK_DGRAM, 115));
	saw("smc", socket(43, SOCK_STREAM, 0));
	saw_in_child("multipath-by-io-uring", multipath_by_ring);
	return 0;
}
