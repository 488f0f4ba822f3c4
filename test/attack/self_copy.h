/* A copy of this very program in a directory of its own, to be given some privilege and run by another user. */
#ifndef SELF_COPY_H
#define SELF_COPY_H

#include "probe.h"

struct self_copy {
	char directory[32];
	char path[64];
};

static int self_copy_make(struct self_copy *copy, mode_t mode)
{
	char buffer[65536];
	long count;
	snprintf(copy->directory, sizeof copy->directory, "/tmp/stockade-probe-XXXXXX");
	if (mkdtemp(copy->directory) == NULL || chmod(copy->directory, 0755) != 0)
		return -1;
	snprintf(copy->path, sizeof copy->path, "%s/copy", copy->directory);
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(copy->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	while (from >= 0 && to >= 0 && (count = read(from, buffer, sizeof buffer)) > 0)
		if (write(to, buffer, (size_t)count) != count)
			return -1;
	if (from < 0 || to < 0 || fchmod(to, mode) != 0)
		return -1;
	close(from);
	return close(to);
}

static void self_copy_remove(const struct self_copy *copy)
{
	unlink(copy->path);
	rmdir(copy->directory);
}

/* In a child, as nobody where this process may become that, else as it is: the copy with the word `report`. Its exit; 3: the group was changed
 * and the user could not be, 4: it could not be executed, 5: it was killed. */
static int self_copy_run(const struct self_copy *copy)
{
	int status = 0;
	uid_t before = geteuid();
	pid_t child = fork();
	if (child == 0) {
		if (before == 0 && setgid(65533) == 0 && setuid(65533) != 0)
			_exit(3);
		execl(copy->path, copy->path, "report", (char *)NULL);
		_exit(4);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 5;
}

#endif
