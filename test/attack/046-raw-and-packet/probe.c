/* Row 46: sockets below TCP and UDP: every protocol as raw, packets of the link, ping. */
#include "probe.h"
#include "ring.h"
#include <sys/socket.h>

static void sweep(const char *attempt, unsigned long family, unsigned long high)
{
	int made = 0;
	for (unsigned long protocol = 0; protocol < 256; protocol++) {
		long descriptor = syscall(SYS_socket, family | high, (unsigned long)SOCK_RAW | high, protocol | high);
		made += descriptor >= 0;
		if (descriptor >= 0)
			close((int)descriptor);
	}
	saw_text(attempt, made == 0 ? "none" : "some");
}

static long packet_raw(void) { return socket(AF_PACKET, SOCK_RAW, 0x0300); }
static long packet_datagram(void) { return socket(AF_PACKET, SOCK_DGRAM, 0x0300); }
static long packet_old(void) { return socket(AF_PACKET, SOCK_PACKET, 0x0300); }
static long ping(void) { return socket(AF_INET, SOCK_DGRAM, 1); }
static long ping_6(void) { return socket(AF_INET6, SOCK_DGRAM, 58); }
static long old_type(void) { return socket(AF_INET, SOCK_PACKET, 0); }
static long raw_by_ring(void) { return socket_by_ring(AF_INET, SOCK_RAW, 1); }

int main(void)
{
	saw_in_child("packet-raw", packet_raw);
	saw_in_child("packet-datagram", packet_datagram);
	saw_in_child("packet-old", packet_old);
	sweep("raw", AF_INET, 0);
	sweep("raw-high-bits", AF_INET, 1UL << 32);
	sweep("raw-6", AF_INET6, 0);
	saw_in_child("ping", ping);
	saw_in_child("ping-6", ping_6);
	saw_in_child("old-packet-type", old_type);
	saw_in_child("raw-by-io-uring", raw_by_ring);
	return 0;
}
