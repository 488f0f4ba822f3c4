/* Row 69: making device nodes, and using one. */
#include "probe.h"
#include <sys/sysmacros.h>

static char directory[] = "/tmp/stockade-probe-XXXXXX";
static char target[128];

static void try_node(const char *attempt, mode_t kind, unsigned major_number, unsigned minor_number)
{
	snprintf(target, sizeof target, "%s/%s", directory, attempt);
	saw(attempt, mknod(target, kind | 0600, makedev(major_number, minor_number)));
	if (strcmp(attempt, "zero") == 0)
		saw_read("read-made-node", target);
	unlink(target);
}

int main(void)
{
	if (mkdtemp(directory) == NULL)
		return 1;
	try_node("zero", S_IFCHR, 1, 5);
	try_node("memory", S_IFCHR, 1, 1);
	try_node("kernel-messages", S_IFCHR, 1, 11);
	try_node("disk", S_IFBLK, 8, 0);
	/* The kernel keeps 16 bits of the mode; the filter must look at those. */
	snprintf(target, sizeof target, "%s/high", directory);
	saw("zero-high-bits", syscall(SYS_mknodat, (long)AT_FDCWD, target, S_IFCHR | 0600 | 1UL << 32, makedev(1, 5)));
	unlink(target);
	saw("zero-top-bits", syscall(SYS_mknodat, (long)AT_FDCWD, target, S_IFCHR | 0600 | 0xffUL << 56, makedev(1, 5)));
	unlink(target);
	rmdir(directory);
	return 0;
}
