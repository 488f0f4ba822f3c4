/* Row 34: capabilities by a file's attribute. Runs a copy of itself that has one, where they can be given. */
#include "self_copy.h"
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

int main(int count, char **words)
{
	struct vfs_cap_data one = { .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, .data = { { 1U << CAP_NET_RAW, 0 } } };
	struct self_copy copy;
	if (count > 1 && strcmp(words[1], "report") == 0)
		return effective();
	if (self_copy_make(&copy, 0755) != 0)
		return 1;
	saw("give-file-capability", setxattr(copy.path, "security.capability", &one, sizeof one, 0));
	int code = self_copy_run(&copy);
	saw_text("run-it", code == 0 ? "none" : code == 1 ? "some" : "not-run");
	saw_text("own", effective() ? "some" : "none");
	self_copy_remove(&copy);
	return 0;
}
