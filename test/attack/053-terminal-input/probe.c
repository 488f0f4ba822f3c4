/* Row 53: putting characters into a terminal (TIOCSTI) and the console's selection (TIOCLINUX), also with a high bit in the request. */
#include "probe.h"
#include <sys/ioctl.h>

static int terminal;

static long own_terminal(void)
{
	char letter = 'x';
	setsid();
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		return -1;
	int slave = open(ptsname(master), O_RDWR);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) != 0)
		return -1;
	return ioctl(slave, TIOCSTI, &letter);
}
static long insert(void) { char letter = 'x'; return ioctl(terminal, TIOCSTI, &letter); }
static long insert_high(void) { char letter = 'x'; return syscall(SYS_ioctl, terminal, (unsigned long)TIOCSTI | 1UL << 32, &letter); }
static long selection(void) { char command = 3; return ioctl(terminal, TIOCLINUX, &command); }
static long selection_high(void) { char command = 3; return syscall(SYS_ioctl, terminal, (unsigned long)TIOCLINUX | 1UL << 32, &command); }

int main(void)
{
	char name[64];
	for (terminal = 0; terminal < 3; terminal++) {
		snprintf(name, sizeof name, "insert-%d", terminal);
		saw_in_child(name, insert);
		snprintf(name, sizeof name, "insert-high-bit-%d", terminal);
		saw_in_child(name, insert_high);
	}
	terminal = 0;
	saw_in_child("selection", selection);
	saw_in_child("selection-high-bit", selection_high);
	saw_in_child("own-terminal", own_terminal);
	return 0;
}
