/* Row 39: mounting: an overlay as those exploits do, in a user namespace and without, and what else gives a new tree. */
#include "probe.h"
#include <sched.h>
#include <sys/mount.h>

static char place[] = "/tmp/stockade-probe-XXXXXX";

static long undone(long result)
{
	if (result == 0)
		umount2(place, MNT_DETACH);
	return result;
}
static long overlay(void) { return undone(mount("overlay", place, "overlay", 0, "lowerdir=/usr:/etc")); }
static long overlay_in_namespace(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return -1;
	return mount("overlay", place, "overlay", 0, "lowerdir=/usr:/etc");
}
static long tmpfs(void) { return undone(mount("tmpfs", place, "tmpfs", 0, NULL)); }
static long proc(void) { return undone(mount("proc", place, "proc", 0, NULL)); }
static long bind(void) { return undone(mount("/", place, NULL, MS_BIND, NULL)); }
static long fuse(void) { return undone(mount("x", place, "fuse", 0, "fd=99,rootmode=40000,user_id=0,group_id=0")); }
static long remount(void)
{
	if (mount("/", place, NULL, MS_BIND, NULL) != 0)
		return -1;
	return undone(mount(NULL, place, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
}
static long bind_high(void) { return undone(syscall(SYS_mount, "/", place, NULL, (unsigned long)MS_BIND | 1UL << 40, NULL)); }
static long unmount(void)
{
	if (geteuid() == 0 && mount("tmpfs", place, "tmpfs", 0, NULL) != 0)
		return umount2("/tmp", MNT_DETACH);
	return umount2(place, MNT_DETACH);
}

int main(void)
{
	if (mkdtemp(place) == NULL || chmod(place, 0755) != 0)
		return 1;
	saw_in_child("overlay", overlay);
	saw_in_child("overlay-in-user-namespace", overlay_in_namespace);
	saw_in_child("tmpfs", tmpfs);
	saw_in_child("proc", proc);
	saw_in_child("bind", bind);
	saw_in_child("remount", remount);
	saw_in_child("fuse", fuse);
	saw_in_child("bind-high-bit", bind_high);
	saw_in_child("umount", unmount);
	rmdir(place);
	return 0;
}
