/* Row 44: a pipe whose buffers were all full once, a byte of a read-only file spliced into it, and a write after it. */
#include "probe.h"

static void drain(int from, long bytes)
{
	char buffer[4096];
	for (long count; bytes > 0 && (count = read(from, buffer, sizeof buffer)) > 0;)
		bytes -= count;
}

int main(void)
{
	int ends[2];
	char filling[4096] = { 0 }, before[8], after[8];
	/* Of this program itself, byte 4 to 8: a change would hit nothing but the copy of it that lies here. */
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (file < 0 || pread(file, before, sizeof before, 0) != sizeof before || pipe(ends) != 0)
		return 1;
	long size = fcntl(ends[1], F_GETPIPE_SZ), filled = 0;
	while (filled < size && write(ends[1], filling, sizeof filling) == sizeof filling)
		filled += (long)sizeof filling;
	drain(ends[0], filled);
	off_t at = 3;
	saw("splice", splice(file, &at, ends[1], NULL, 1, 0));
	if (write(ends[1], "\xff", 1) != 1 || pread(file, after, sizeof after, 0) != sizeof after)
		return 1;
	saw_text("page", memcmp(before, after, sizeof before) == 0 ? "unchanged" : "changed");
	return 0;
}
