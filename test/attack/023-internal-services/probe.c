/* Row 23: which addresses of the host and its networks answer? Argument: the port that our own API listens on. */
#include "probe.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void try_connect(const char *attempt, const char *address, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	inet_pton(AF_INET, address, &to.sin_addr);
	int result = descriptor < 0 ? -1 : connect(descriptor, (struct sockaddr *)&to, sizeof to);
	/* A packet on its way is already too much: EINPROGRESS means that there was a route. */
	saw(attempt, result);
	if (descriptor >= 0)
		close(descriptor);
}

static void try_connect_blocking(const char *attempt, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	saw(attempt, descriptor < 0 ? -1 : connect(descriptor, (struct sockaddr *)&to, sizeof to));
	if (descriptor >= 0)
		close(descriptor);
}

int main(int count, char **words)
{
	try_connect_blocking("our-api", count > 1 ? atoi(words[1]) : 7070);
	try_connect("bridge", "172.17.0.1", 9);
	try_connect("private-network", "10.0.0.1", 9);
	try_connect("metadata", "169.254.169.254", 9);
	return 0;
}
