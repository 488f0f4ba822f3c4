/* One request by io_uring, waited for: what it does never passes a filter on the system call of the same name. */
#ifndef RING_H
#define RING_H
#include "probe.h"
#include <linux/io_uring.h>
#include <sys/mman.h>

/* The numbers of IORING_OP_SOCKET and others are newer than Debian 12's header. */
enum { RING_SOCKET = 45 };

/* Gives the result of the request, or -1 and errno. Makes a ring each time: for a child or for few tries. */
static inline long by_ring(const struct io_uring_sqe *request)
{
	struct io_uring_params parameters;
	memset(&parameters, 0, sizeof parameters);
	long ring = syscall(SYS_io_uring_setup, 4, &parameters);
	if (ring < 0)
		return -1;
	size_t length = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
	size_t answers = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
	size_t size = length > answers ? length : answers;
	char *queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ring, IORING_OFF_SQ_RING);
	size_t entries_size = parameters.sq_entries * sizeof *request;
	struct io_uring_sqe *entries = mmap(NULL, entries_size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ring, IORING_OFF_SQES);
	if (queue == MAP_FAILED || entries == MAP_FAILED)
		return -1;
	entries[0] = *request;
	((unsigned *)(void *)(queue + parameters.sq_off.array))[0] = 0;
	*(unsigned *)(void *)(queue + parameters.sq_off.tail) = 1;
	long result = syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	int error = errno;
	if (result >= 0) {
		result = ((struct io_uring_cqe *)(void *)(queue + parameters.cq_off.cqes))[0].res;
		error = result < 0 ? (int)-result : 0;
	}
	munmap(queue, size);
	munmap(entries, entries_size);
	close((int)ring);
	errno = error;
	return result < 0 ? -1 : result;
}

/* socket(2) by that road. */
static inline long socket_by_ring(int family, int type, int protocol)
{
	struct io_uring_sqe request;
	memset(&request, 0, sizeof request);
	request.opcode = RING_SOCKET;
	request.fd = family;
	request.off = (unsigned long long)type;
	request.len = (unsigned)protocol;
	errno = 0;
	return by_ring(&request);
}

#endif
