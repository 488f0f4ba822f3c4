/* Row 70: what is in /dev? */
#include "probe.h"
#include <dirent.h>

static int no_points(const struct dirent *entry) { return entry->d_name[0] != '.'; }

int main(void)
{
	char text[4096] = "";
	struct dirent **entries;
	int count = scandir("/dev", &entries, no_points, alphasort);
	for (int at = 0; at < count; at++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", at > 0 ? " " : "", entries[at]->d_name);
	saw_text("devices", text);
	saw_open("tun", "/dev/net/tun", O_RDWR);
	saw_open("kvm", "/dev/kvm", O_RDWR);
	saw_open("fuse", "/dev/fuse", O_RDWR);
	saw_open("loop-control", "/dev/loop-control", O_RDWR);
	return 0;
}
