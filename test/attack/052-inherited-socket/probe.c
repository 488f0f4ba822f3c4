/* Row 52: is one of the streams a socket, over which a descriptor could come? `sockets`: the control makes them so, for itself. */
#include "probe.h"
#include <sys/socket.h>

static int out = 1;

static void report(const char *what, int descriptor, long result)
{
	int error = errno;
	dprintf(out, "{\"try\":\"%s-%d\",\"saw\":\"%s\"}\n", what, descriptor, result >= 0 ? "ok" : strerrorname_np(error));
}

static void look_at(int descriptor)
{
	int type;
	char byte, control[CMSG_SPACE(sizeof(int))];
	socklen_t length = sizeof type;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	report("kind", descriptor, getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length));
	report("receive", descriptor, recvmsg(descriptor, &message, MSG_DONTWAIT));
}

int main(int count, char **words)
{
	int pair[2], more = 0;
	for (int descriptor = 3; descriptor < 64; descriptor++)
		more += fcntl(descriptor, F_GETFD) >= 0;
	if (count > 1 && strcmp(words[1], "sockets") == 0) {
		out = dup(1);
		if (out < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || dup2(pair[0], 0) < 0 || dup2(pair[0], 1) < 0 || dup2(pair[0], 2) < 0)
			return 1;
	}
	for (int descriptor = 0; descriptor < 3; descriptor++)
		look_at(descriptor);
	dprintf(out, "{\"try\":\"descriptors\",\"saw\":\"%s\"}\n", more == 0 ? "three" : "more");
	return 0;
}
