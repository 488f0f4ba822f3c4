/* Row 71: the classic way out of a chroot, and what `..` leads to. The control has a directory open that lies outside of its chroot. */
#include "probe.h"

static char place[] = "/tmp/stockade-probe-XXXXXX";

static int is_root(const char *path)
{
	struct stat one, other;
	return stat(path, &one) == 0 && stat("/", &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static long change_root(void) { return chroot(place); }
static long pivot(void) { return syscall(SYS_pivot_root, ".", "."); }

/* Into a chroot, a second one below it without changing the directory, and up: "left" when that leads to the first root. */
static void twice(void)
{
	struct stat before, after;
	int status = 0;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		if (stat("/", &before) != 0 || chdir(place) != 0 || (mkdir("inner", 0755) != 0 && errno != EEXIST) || chroot(place) != 0 || chroot("inner") != 0)
			_exit(errno);
		for (int level = 0; level < 64; level++)
			if (chdir("..") != 0)
				_exit(errno);
		_exit(stat(".", &after) == 0 && before.st_ino == after.st_ino && before.st_dev == after.st_dev ? 200 : 201);
	}
	waitpid(child, &status, 0);
	errno = WEXITSTATUS(status);
	saw_text("double-chroot", errno == 200 ? "left" : errno == 201 ? "held" : strerrorname_np(errno));
}

static void outer_descriptors(void)
{
	struct stat status;
	int found = 0;
	for (int descriptor = 0; descriptor < 1024; descriptor++)
		found += fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
	saw_text("outer-descriptors", found == 0 ? "none" : "some");
}

int main(void)
{
	struct { unsigned long long flags, mode, resolve; } how = { O_RDONLY | O_DIRECTORY, 0, 0 };
	char path[64];
	if (mkdtemp(place) == NULL || chmod(place, 0755) != 0)
		return 1;
	outer_descriptors();
	saw_in_child("chroot", change_root);
	twice();
	saw_in_child("pivot", pivot);
	saw_text("above-the-root", is_root("/../../../../../..") ? "the-root" : "left");
	long directory = syscall(437, (long)AT_FDCWD, "/../../..", &how, sizeof how);
	snprintf(path, sizeof path, "/proc/self/fd/%ld", directory);
	if (directory < 0)
		saw("above-by-openat2", -1);
	else
		saw_text("above-by-openat2", is_root(path) ? "the-root" : "left");
	directory = open("/proc/1/root/../..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%ld", directory);
	if (directory < 0)
		saw("root-of-process-1", -1);
	else
		saw_text("root-of-process-1", is_root(path) ? "the-root" : "ok");
	snprintf(path, sizeof path, "%s/inner", place);
	rmdir(path);
	rmdir(place);
	return 0;
}
