/* Row 38: the calls of the new mount interface, by number: Debian 12's headers lack the newest. */
#include "probe.h"

enum { OPEN_TREE = 428, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, FSPICK, MOUNT_SETATTR = 442, STATMOUNT = 457, LISTMOUNT, OPEN_TREE_ATTR = 467 };

static void try_call(const char *attempt, long result)
{
	saw(attempt, result);
	if (result > 2)
		close((int)result);
}

int main(void)
{
	unsigned long long attributes[4] = { 0 };
	try_call("fsopen", syscall(FSOPEN, "tmpfs", 0UL));
	try_call("fsopen-high-bit", syscall(FSOPEN, "tmpfs", 1UL << 32));
	try_call("fsopen-ext4", syscall(FSOPEN, "ext4", 0UL));
	try_call("fsconfig", syscall(FSCONFIG, -1L, 1UL, "source", "x", 0UL));
	try_call("fsmount", syscall(FSMOUNT, -1L, 0UL, 0UL));
	try_call("fspick", syscall(FSPICK, (long)AT_FDCWD, "/", 0UL));
	try_call("move_mount", syscall(MOVE_MOUNT, -1L, "", -1L, "", 4UL | 0x40UL));
	try_call("open_tree", syscall(OPEN_TREE, (long)AT_FDCWD, "/", 0UL));
	try_call("open_tree-clone", syscall(OPEN_TREE, (long)AT_FDCWD, "/", 1UL));
	try_call("mount_setattr", syscall(MOUNT_SETATTR, -1L, "", 0x1000UL, attributes, sizeof attributes));
	try_call("open_tree_attr", syscall(OPEN_TREE_ATTR, (long)AT_FDCWD, "/", 1UL, attributes, sizeof attributes));
	try_call("statmount", syscall(STATMOUNT, NULL, NULL, 0UL, 0UL));
	try_call("listmount", syscall(LISTMOUNT, NULL, NULL, 0UL, 0UL));
	return 0;
}
