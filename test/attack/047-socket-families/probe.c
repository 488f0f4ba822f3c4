/* Row 47: every socket family by every road: plainly, with high bits, as a pair, and by io_uring. Reached is what gave a socket. */
#include "probe.h"
#include "ring.h"
#include <sys/socket.h>

static void sweep(const char *attempt, unsigned long high)
{
	char text[512] = "";
	const unsigned long kinds[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW };
	for (unsigned long family = 0; family <= 60; family++) {
		int reached = 0;
		for (int at = 0; at < 4; at++) {
			long descriptor = syscall(SYS_socket, family | high, kinds[at], 0UL);
			reached |= descriptor >= 0;
			if (descriptor >= 0)
				close((int)descriptor);
		}
		if (reached)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lu", text[0] != '\0' ? " " : "", family);
	}
	saw_text(attempt, text);
}

/* Families of which the kernel makes pairs; EOPNOTSUPP says that the family was reached, and has none. */
static void sweep_pairs(const char *attempt, unsigned long high)
{
	char text[512] = "";
	const unsigned long kinds[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW };
	for (unsigned long family = 0; family <= 60; family++) {
		int reached = 0, two[2];
		for (int at = 0; at < 4; at++) {
			long result = syscall(SYS_socketpair, family | high, kinds[at], 0UL, two);
			reached |= result == 0 || errno == EOPNOTSUPP;
			if (result == 0) {
				close(two[0]);
				close(two[1]);
			}
		}
		if (reached)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lu", text[0] != '\0' ? " " : "", family);
	}
	saw_text(attempt, text);
}

static void sweep_by_ring(const char *attempt)
{
	char text[512] = "";
	const int kinds[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW };
	for (int family = 0; family <= 60; family++) {
		int reached = 0;
		for (int at = 0; at < 4; at++) {
			long descriptor = socket_by_ring(family, kinds[at], 0);
			reached |= descriptor >= 0;
			if (descriptor >= 0)
				close((int)descriptor);
		}
		if (reached)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d", text[0] != '\0' ? " " : "", family);
	}
	saw_text(attempt, text);
}

int main(void)
{
	long raw = syscall(SYS_socket, (unsigned long)AF_INET, (unsigned long)SOCK_RAW, 1UL);
	saw("raw", raw);
	saw("multipath-tcp", syscall(SYS_socket, (unsigned long)AF_INET, (unsigned long)SOCK_STREAM, 262UL));
	sweep("families", 0);
	sweep("families-with-high-bit", 1UL << 32);
	sweep("families-with-top-bit", 1UL << 63);
	sweep_pairs("pairs", 0);
	sweep_pairs("pairs-with-high-bit", 1UL << 32);
	sweep_pairs("pairs-with-top-bit", 1UL << 63);
	sweep_by_ring("families-by-io-uring");
	return 0;
}
