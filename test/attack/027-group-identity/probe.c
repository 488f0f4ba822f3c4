/* Row 27: is every id the one that was asked for (user and group are asked alike), and can another be taken? */
#include "probe.h"
#include <grp.h>

/* "Uid:" and "Gid:" name the real, effective, saved and file-system id. */
static const char *four(const char *field)
{
	char line[512];
	unsigned id[4];
	FILE *status = fopen("/proc/self/status", "re");
	const char *result = "unreadable";
	while (status != NULL && fgets(line, sizeof line, status) != NULL)
		if (strncmp(line, field, 4) == 0 && sscanf(line + 4, "%u %u %u %u", &id[0], &id[1], &id[2], &id[3]) == 4)
			result = id[0] == id[1] && id[1] == id[2] && id[2] == id[3] && id[0] == getgid() && id[0] == getuid() ? "one-and-asked" : "mixed";
	if (status != NULL)
		fclose(status);
	return result;
}

static long take_group(void) { return setresgid(65535, 65535, 65535); }
static long set_groups(void) { gid_t group = 65535; return setgroups(1, &group); }

int main(void)
{
	saw_text("user-ids", four("Uid:"));
	saw_text("group-ids", four("Gid:"));
	saw_text("supplementary-groups", getgroups(0, NULL) == 0 ? "none" : "some");
	/* 65535 is beyond every slot's ids. */
	saw_in_child("take-host-group", take_group);
	saw_in_child("set-groups", set_groups);
	return 0;
}
