/* Row 33: does a set-uid program gain anything, and is there one at all? */
#include "self_copy.h"
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

int main(int count, char **words)
{
	struct statvfs facts;
	struct self_copy copy;
	const char *meaning[] = { "unchanged", "gained", "changed", "cannot-change-uid", "not-executable", "killed" };
	if (count > 1 && strcmp(words[1], "report") == 0)
		return getuid() == geteuid() ? 0 : geteuid() == 0 ? 1 : 2;
	nftw("/usr", count_privileged, 16, FTW_PHYS | FTW_MOUNT);
	saw_text("privileged-files", privileged_files == 0 ? "none" : "some");
	saw_text("root-mount", statvfs("/", &facts) == 0 && (facts.f_flag & ST_NOSUID) != 0 ? "nosuid" : "suid-honoured");
	if (self_copy_make(&copy, 04755) != 0)
		saw("run-set-uid-copy", -1);
	else {
		int code = self_copy_run(&copy);
		saw_text("run-set-uid-copy", meaning[code <= 5 ? code : 5]);
	}
	self_copy_remove(&copy);
	return 0;
}
