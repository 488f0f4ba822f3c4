/* Row 51: any socket in the file system, /proc and /sys aside. */
#include "probe.h"
#include <ftw.h>
#include <sys/socket.h>
#include <sys/un.h>

static int found;

static int look(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)where;
	if (kind == FTW_D && (strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0))
		return FTW_SKIP_SUBTREE;
	if (kind != FTW_SL && S_ISSOCK(status->st_mode) && found++ == 0)
		fprintf(stderr, "%s\n", path);
	return found > 0 ? FTW_STOP : FTW_CONTINUE;
}

int main(void)
{
	const char *known[] = { "/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/dbus/system_bus_socket",
				"/run/systemd/notify", "/run/systemd/private", "/run/systemd/journal/socket" };
	int reached = 0;
	/* Outside there is one below /run at the latest: our own services'. */
	nftw("/run", look, 64, FTW_PHYS | FTW_ACTIONRETVAL);
	if (found == 0)
		nftw("/", look, 64, FTW_PHYS | FTW_ACTIONRETVAL);
	saw_text("socket-files", found == 0 ? "none" : "some");
	for (unsigned at = 0; at < sizeof known / sizeof *known; at++) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };
		int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		strcpy(address.sun_path, known[at]);
		reached += connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0;
		close(descriptor);
	}
	saw_text("well-known", reached == 0 ? "none" : "some");
	return 0;
}
