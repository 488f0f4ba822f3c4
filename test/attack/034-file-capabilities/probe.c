/* Row 34: capabilities by a file's attribute. Runs a copy of itself that has one, where they can be given. */
#include "probe.h"
#include <linux/capability.h>
#include <sys/xattr.h>

/* "none" or "some": the effective set of this process. */
static int effective(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { 0 } };
	if (syscall(SYS_capget, &header, sets) != 0)
		return 1;
	return sets[0].effective != 0 || sets[1].effective != 0;
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
	if (from < 0 || to < 0 || fchmod(to, 0755) != 0)
		return -1;
	close(from);
	return close(to);
}

static int run_copy(const char *target)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		if (geteuid() == 0 && setgid(65533) == 0 && setuid(65533) != 0)
			_exit(5);
		execl(target, target, "report", (char *)NULL);
		_exit(4);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 6;
}

int main(int count, char **words)
{
	char directory[] = "/tmp/stockade-probe-XXXXXX", target[128];
	struct vfs_cap_data one = { .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, .data = { { 1U << CAP_NET_RAW, 0 } } };
	if (count > 1 && strcmp(words[1], "report") == 0)
		return effective();
	if (mkdtemp(directory) == NULL || chmod(directory, 0755) != 0)
		return 1;
	snprintf(target, sizeof target, "%s/copy", directory);
	if (copy_self(target) != 0)
		return 1;
	saw("give-file-capability", setxattr(target, "security.capability", &one, sizeof one, 0));
	int code = run_copy(target);
	saw_text("run-it", code == 0 ? "none" : code == 1 ? "some" : "not-run");
	saw_text("own", effective() ? "some" : "none");
	unlink(target);
	rmdir(directory);
	return 0;
}
