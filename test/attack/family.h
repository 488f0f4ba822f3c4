/* Every way to a socket of one family: plainly, with bits that the kernel cuts off, as a pair, and by io_uring. */
#ifndef FAMILY_H
#define FAMILY_H

#include "probe.h"
#include "ring.h"
#include <sys/socket.h>

static struct {
	int family, type, protocol;
} wanted;

static long by_register(unsigned long more)
{
	return syscall(SYS_socket, (unsigned long)wanted.family | more, (unsigned long)wanted.type, (unsigned long)wanted.protocol);
}
static long plain(void) { return socket(wanted.family, wanted.type, wanted.protocol); }
static long high_bit(void) { return by_register(1UL << 32); }
static long top_bit(void) { return by_register(1UL << 63); }
static long pair(void) { int two[2]; return socketpair(wanted.family, wanted.type, wanted.protocol, two); }
static long by_io_uring(void) { return socket_by_ring(wanted.family, wanted.type, wanted.protocol); }

static void saw_family(int family, int type, int protocol)
{
	wanted.family = family;
	wanted.type = type;
	wanted.protocol = protocol;
	saw_in_child("plain", plain);
	saw_in_child("high-bit", high_bit);
	saw_in_child("top-bit", top_bit);
	saw_in_child("pair", pair);
	saw_in_child("by-io-uring", by_io_uring);
}

#endif
