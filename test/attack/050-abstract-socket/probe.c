/* Row 50: abstract sockets of the host. `listen NAME` is the host's side; else: is NAME reachable, and what is listed? */
#include "probe.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t name_of(struct sockaddr_un *address, const char *name)
{
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	strncpy(address->sun_path + 1, name, sizeof address->sun_path - 2);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static int listen_until_killed(const char *name)
{
	struct sockaddr_un address;
	socklen_t length = name_of(&address, name);
	int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(descriptor, (struct sockaddr *)&address, length) != 0 || listen(descriptor, 8) != 0)
		return 1;
	saw_text("listen", "ok");
	for (;;)
		pause();
}

int main(int count, char **words)
{
	struct sockaddr_un address;
	char line[512];
	int foreign = 0;
	const char *name = count > 1 ? words[1] : "stockade-probe";
	if (count > 2 && strcmp(words[1], "listen") == 0)
		return listen_until_killed(words[2]);
	socklen_t length = name_of(&address, name);
	saw("connect-to-host", connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length));
	FILE *list = fopen("/proc/net/unix", "re");
	while (list != NULL && fgets(line, sizeof line, list) != NULL)
		foreign += strchr(line, '@') != NULL || strchr(line, '/') != NULL;
	saw_text("listed-sockets", foreign == 0 ? "none" : "some");
	return 0;
}
