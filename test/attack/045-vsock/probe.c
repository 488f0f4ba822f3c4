/* Row 45: a socket that no namespace holds, asked for plainly, with a high bit that the kernel cuts off, and through io_uring. */
#include "probe.h"
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>

static long plain(void) { return socket(40, SOCK_STREAM, 0); }
static long high_bit(void) { return syscall(SYS_socket, 40UL | 1UL << 32, (unsigned long)SOCK_STREAM, 0UL); }
static long pair(void) { int two[2]; return syscall(SYS_socketpair, 40UL, (unsigned long)SOCK_STREAM, 0UL, two) == -1 && errno == EOPNOTSUPP ? 0 : -1; }

/* IORING_OP_SOCKET (45), one entry, waited for: the socket it makes never passes a filter on socket(2). */
static long by_ring(void)
{
	struct io_uring_params parameters;
	memset(&parameters, 0, sizeof parameters);
	long ring = syscall(SYS_io_uring_setup, 4, &parameters);
	if (ring < 0)
		return -1;
	size_t length = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
	size_t answers = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
	char *queue = mmap(NULL, length > answers ? length : answers, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *entries = mmap(NULL, parameters.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ring, IORING_OFF_SQES);
	if (queue == MAP_FAILED || entries == MAP_FAILED)
		return -1;
	memset(entries, 0, sizeof *entries);
	entries[0].opcode = 45;
	entries[0].fd = 40;
	entries[0].off = SOCK_STREAM;
	((unsigned *)(void *)(queue + parameters.sq_off.array))[0] = 0;
	*(unsigned *)(void *)(queue + parameters.sq_off.tail) = 1;
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	int result = ((struct io_uring_cqe *)(void *)(queue + parameters.cq_off.cqes))[0].res;
	errno = result < 0 ? -result : 0;
	return result;
}

int main(void)
{
	saw_in_child("plain", plain);
	saw_in_child("high-bit", high_bit);
	saw_in_child("pair", pair);
	saw_in_child("by-io-uring", by_ring);
	return 0;
}
