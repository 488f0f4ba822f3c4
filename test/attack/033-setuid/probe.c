/* Row 33: does a set-uid program gain anything, and is there one at all? */
#include "probe.h"
#include <dirent.h>
#include <ftw.h>
#include <sys/statvfs.h>

static int privileged_files;

static int count_privileged(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)path;
	(void)where;
	if (kind == FTW_F && (status->st_mode & (S_ISUID | S_ISGID)) != 0)
		privileged_files++;
	return 0;
}

static int copy_self(const char *target)
{
	char buffer[65536];
	long count;
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	while (from >= 0 && to >= 0 && (count = read(from, buffer, sizeof buffer)) > 0)
		if (write(to, buffer, (size_t)count) != count)
			return -1;
	if (to < 0 || fchmod(to, 04755) != 0)
		return -1;
	close(from);
	return close(to);
}

/* In a child: become nobody where that is possible, and run the copy; it exits with 1 when it is root. */
static void run_copy(const char *target)
{
	int status = 0;
	uid_t before = geteuid();
	pid_t child = fork();
	if (child == 0) {
		if (before == 0 && (setgid(65533) != 0 || setuid(65533) != 0))
			_exit(3);
		execl(target, target, "report", (char *)NULL);
		_exit(4);
	}
	waitpid(child, &status, 0);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 5;
	const char *meaning[] = { "unchanged", "gained", "changed", "cannot-change-uid", "not-executable", "killed" };
	saw_text("run-set-uid-copy", meaning[code <= 5 ? code : 5]);
}

int main(int count, char **words)
{
	struct statvfs facts;
	char directory[] = "/tmp/stockade-probe-XXXXXX", target[128];
	if (count > 1 && strcmp(words[1], "report") == 0)
		return getuid() == geteuid() ? 0 : geteuid() == 0 ? 1 : 2;
	nftw("/usr", count_privileged, 16, FTW_PHYS | FTW_MOUNT);
	saw_text("privileged-files", privileged_files == 0 ? "none" : "some");
	saw_text("root-mount", statvfs("/", &facts) == 0 && (facts.f_flag & ST_NOSUID) != 0 ? "nosuid" : "suid-honoured");
	if (mkdtemp(directory) == NULL || chmod(directory, 0755) != 0)
		return 1;
	snprintf(target, sizeof target, "%s/copy", directory);
	if (copy_self(target) != 0)
		saw("run-set-uid-copy", -1);
	else
		run_copy(target);
	unlink(target);
	rmdir(directory);
	return 0;
}
