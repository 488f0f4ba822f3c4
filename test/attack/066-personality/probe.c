/* Row 66: what personality(2) can turn on, each in a child; then every bit alone. */
#include "probe.h"

static unsigned long value;

static long set(void) { return syscall(SYS_personality, value); }

static void sweep(void)
{
	char text[256] = "";
	/* 0x20000 is UNAME26, 8 PER_LINUX32: both allowed. */
	for (int bit = 0; bit < 64; bit++) {
		value = 1UL << bit;
		int status = 0;
		pid_t child = fork();
		if (child == 0)
			_exit(set() >= 0 ? 0 : 1);
		waitpid(child, &status, 0);
		if (status == 0 && bit < 32 && bit != 17 && bit != 3)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d", text[0] != '\0' ? " " : "", bit);
	}
	saw_text("every-bit", text[0] != '\0' ? text : "plain");
}

int main(void)
{
	const struct { const char *name; unsigned long value; } kinds[] = {
		{ "read-implies-exec", 0x0400000 },
		{ "no-randomization", 0x0040000 },
		{ "mmap-page-zero", 0x0100000 },
		{ "old-layout", 0x0200000 },
		{ "sticky-timeouts", 0x4000000 },
		{ "short-inode", 0x1000000 },
		{ "three-gigabytes", 0x8000000 },
		{ "svr4", 0x4100001 },
		{ "high-bit-read-implies-exec", 0x0400000 | 1UL << 32 }, { "high-bit-no-randomization", 0x0040000 | 1UL << 63 },
		{ "ask", 0xffffffff }, { "plain", 0 },
	};
	for (unsigned at = 0; at < sizeof kinds / sizeof *kinds; at++) {
		value = kinds[at].value;
		saw_in_child(kinds[at].name, set);
	}
	sweep();
	return 0;
}
