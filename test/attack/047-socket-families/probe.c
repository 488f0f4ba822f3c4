/* Row 47: every socket family, plainly and with a high bit. Reached is what the filter did not answer. */
#include "probe.h"
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

int main(void)
{
	long raw = syscall(SYS_socket, (unsigned long)AF_INET, (unsigned long)SOCK_RAW, 1UL);
	saw("raw", raw);
	saw("multipath-tcp", syscall(SYS_socket, (unsigned long)AF_INET, (unsigned long)SOCK_STREAM, 262UL));
	sweep("families", 0);
	sweep("families-with-high-bit", 1UL << 32);
	sweep("families-with-top-bit", 1UL << 63);
	return 0;
}
