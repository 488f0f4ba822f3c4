/* Row 90: IPv6 that nobody asked for: devices, addresses, routes, and whether advertisements could be sent or heard. */
#include "probe.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Lines of a file of /proc/net whose device is not lo. */
static const char *beyond_loopback(const char *path)
{
	char line[512], device[64];
	int some = 0;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return "no-ipv6";
	while (fgets(line, sizeof line, file) != NULL) {
		char *last = strrchr(line, ' ');
		some |= last != NULL && sscanf(last, "%63s", device) == 1 && strcmp(device, "lo") != 0;
	}
	fclose(file);
	return some ? "some" : "none";
}

int main(void)
{
	struct if_nameindex *list = if_nameindex();
	int others = 0;
	for (struct if_nameindex *one = list; one != NULL && one->if_index != 0; one++)
		others |= strcmp(one->if_name, "lo") != 0;
	/* Without netlink the C library has no list; /proc/net/dev has. */
	char line[512];
	FILE *file = fopen("/proc/net/dev", "re");
	for (int at = 0; file != NULL && fgets(line, sizeof line, file) != NULL; at++)
		others |= at > 1 && strstr(line, "lo:") == NULL;
	saw_text("devices", others ? "others" : "loopback-alone");
	saw_text("address-beyond-loopback", beyond_loopback("/proc/net/if_inet6"));
	saw_text("route", beyond_loopback("/proc/net/ipv6_route"));
	saw("advertise", socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6));
	struct ipv6_mreq group = {.ipv6mr_interface = 0};
	inet_pton(AF_INET6, "ff02::1", &group.ipv6mr_multiaddr);
	int joined = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	saw("join-all-nodes", setsockopt(joined, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof group));
	struct sockaddr_in6 router = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
	inet_pton(AF_INET6, "2606:4700::1111", &router.sin6_addr);
	saw("send-to-router", connect(joined, (struct sockaddr *)&router, sizeof router));
	return 0;
}
