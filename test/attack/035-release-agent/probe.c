/* Row 35: can a cgroup hierarchy be mounted, or a release_agent be opened? */
#include "probe.h"
#include <sched.h>
#include <sys/mount.h>

static char directory[] = "/tmp/stockade-probe-XXXXXX";

static long mount_v1(void) { return mount("none", directory, "cgroup", 0, "memory"); }
static long mount_v2(void) { return mount("none", directory, "cgroup2", 0, NULL); }
static long new_cgroup_namespace(void) { return unshare(CLONE_NEWCGROUP); }

static long open_release_agent(void)
{
	const char *places[] = { "/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/pids/release_agent",
				 "/sys/fs/cgroup/cpu/release_agent", "/sys/fs/cgroup/systemd/release_agent" };
	for (int at = 0; at < 4; at++)
		if (open(places[at], O_RDWR | O_CLOEXEC) >= 0)
			return 0;
	return -1;
}

int main(void)
{
	if (mkdtemp(directory) == NULL)
		return 1;
	saw_in_child("mount-cgroup", mount_v1);
	saw_in_child("mount-cgroup2", mount_v2);
	saw_in_child("new-cgroup-namespace", new_cgroup_namespace);
	saw_in_child("open-release-agent", open_release_agent);
	rmdir(directory);
	return 0;
}
