/* Row 42: the ways to an IPsec state, and to a socket whose bytes are ESP. ENOENT and ENOTCONN say that the option was reached. */
#include "probe.h"
#include <netinet/in.h>
#include <sys/socket.h>

static const unsigned long high = 1UL << 32;

static long option(int type, unsigned long level, unsigned long name, const void *value, unsigned long length)
{
	int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	return descriptor < 0 ? -1 : syscall(SYS_setsockopt, (long)descriptor, level, name, value, length);
}
static long upper_protocol(void) { return option(SOCK_STREAM, IPPROTO_TCP, 31, "espintcp", 8); }
static long upper_protocol_high(void) { return option(SOCK_STREAM, IPPROTO_TCP | high, 31 | high, "espintcp", 8); }
static long upper_protocol_tls(void) { return option(SOCK_STREAM, IPPROTO_TCP, 31, "tls", 3); }
static long encapsulation(void) { int esp = 2; return option(SOCK_DGRAM, IPPROTO_UDP, 100, &esp, sizeof esp); }
static long encapsulation_high(void) { int esp = 2; return option(SOCK_DGRAM, IPPROTO_UDP | high, 100 | high, &esp, sizeof esp); }
static long xfrm(void) { return socket(AF_NETLINK, SOCK_RAW, 6); }
static long key(void) { return socket(15, SOCK_RAW, 2); }

int main(void)
{
	saw_in_child("netlink-xfrm", xfrm);
	saw_in_child("pf-key", key);
	saw_in_child("tcp-ulp", upper_protocol);
	saw_in_child("tcp-ulp-high-bits", upper_protocol_high);
	saw_in_child("tcp-ulp-tls", upper_protocol_tls);
	saw_in_child("udp-encapsulation", encapsulation);
	saw_in_child("udp-encapsulation-high-bits", encapsulation_high);
	return 0;
}
