/* Row 68: a handle of /etc/passwd, opened again; then that of the file system's root, whose number is known to be 2 on ext4. */
#include "probe.h"

struct handle {
	struct file_handle head;
	unsigned char bytes[128];
};

int main(void)
{
	struct handle named = { .head.handle_bytes = 128 };
	struct { unsigned bytes; int type; unsigned inode, generation; } root = { 8, 1, 2, 0 };
	int mount, at = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	saw("name-to-handle", name_to_handle_at(AT_FDCWD, "/etc/passwd", &named.head, &mount, 0));
	saw("open-by-handle", syscall(SYS_open_by_handle_at, (long)at, &named, (unsigned long)O_RDONLY));
	saw("open-root-by-number", syscall(SYS_open_by_handle_at, (long)at, &root, (unsigned long)O_RDONLY));
	saw("bad-handle", syscall(SYS_open_by_handle_at, -1L, -1L, (unsigned long)O_RDONLY));
	return 0;
}
