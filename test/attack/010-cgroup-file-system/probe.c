/* Row 10: is a cgroup file system mounted anywhere that we can see? */
#include "probe.h"
#include <sys/vfs.h>

static const char *mounted(const char *kind)
{
	char line[8192];
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	const char *answer = mounts == NULL ? "unreadable" : "none";
	while (mounts != NULL && fgets(line, sizeof line, mounts) != NULL) {
		const char *type = strstr(line, " - ");
		if (type != NULL && strncmp(type + 3, kind, strlen(kind)) == 0)
			answer = "some";
	}
	if (mounts != NULL)
		fclose(mounts);
	return answer;
}

int main(void)
{
	struct statfs facts;
	int there = statfs("/sys/fs/cgroup", &facts);
	/* CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, and the tmpfs that v1 hierarchies hang in. */
	int is_cgroup = there == 0 && (facts.f_type == 0x27e0eb || facts.f_type == 0x63677270 || facts.f_type == 0x01021994);
	saw_text("sys-fs-cgroup", is_cgroup ? "mounted" : "absent");
	saw_text("cgroup-mounts", mounted("cgroup"));
	saw_text("sysfs-mounts", mounted("sysfs"));
	return 0;
}
