/* Row 81: the optional fields of mountinfo name the peer group of each mount (proc(5)). */
#include "probe.h"
#include <sys/mount.h>

static char place[] = "/tmp/stockade-probe-XXXXXX";

static long make_shared(void) { return mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL); }
static long mount_below(void) { return mount("tmpfs", place, "tmpfs", 0, NULL); }

int main(void)
{
	char line[4096];
	int spreading = 0;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	while (mounts != NULL && fgets(line, sizeof line, mounts) != NULL)
		spreading += strstr(line, " shared:") != NULL || strstr(line, " master:") != NULL || strstr(line, " propagate_from:") != NULL;
	saw_text("propagation", mounts == NULL ? "unreadable" : spreading == 0 ? "private" : "shared");
	if (mkdtemp(place) == NULL)
		return 1;
	saw_in_child("make-shared", make_shared);
	saw_in_child("mount-below", mount_below);
	umount2(place, MNT_DETACH);
	rmdir(place);
	return 0;
}
