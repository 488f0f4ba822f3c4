/* Row 77: `hold` takes every kind of lock on files that all see, opens them over and over, and stays; else: what is seen of that? */
#include "probe.h"
#include <dirent.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <time.h>

static const struct { const char *name, *path; } files[] = {
	{ "image-file", "/etc/debian_version" }, { "root", "/" }, { "null", "/dev/null" }, { "zero", "/dev/zero" },
	{ "urandom", "/dev/urandom" }, { "dev", "/dev" }, { "proc-file", "/proc/filesystems" }, { "proc", "/proc" },
	{ "work", "/work" }, { "temporary", "/tmp" },
};
enum { FILES = sizeof files / sizeof *files };

static void touch_all(void)
{
	char byte;
	for (int at = 0; at < FILES; at++) {
		int file = open(files[at].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (file >= 0 && read(file, &byte, 1) < 0 && errno == EISDIR) {
			DIR *list = fdopendir(file);
			if (list != NULL && readdir(list) != NULL)
				file = closedir(list) == 0 ? -1 : file;
		}
		if (file >= 0)
			close(file);
	}
}

static int hold(void)
{
	const struct timespec pause_between = { 0, 5000000 };
	struct flock record = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	for (int at = 0; at < FILES; at++) {
		int locked = open(files[at].path, O_RDONLY | O_CLOEXEC), recorded = open(files[at].path, O_RDONLY | O_CLOEXEC);
		flock(locked, LOCK_EX | LOCK_NB);
		/* Of the open file, not of the process: closing another descriptor of the file does not end it. */
		fcntl(recorded, F_OFD_SETLK, &record);
	}
	int leased = open("/etc/debian_version", O_RDONLY | O_CLOEXEC);
	fcntl(leased, F_SETLEASE, F_RDLCK);
	signal(SIGIO, SIG_IGN);
	saw_text("hold", "ready");
	for (;;) {
		touch_all();
		nanosleep(&pause_between, NULL);
	}
}

static void look_at_locks(int at)
{
	char name[64];
	struct flock record = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int file = open(files[at].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	snprintf(name, sizeof name, "lock-%s", files[at].name);
	saw_text(name, file < 0 ? "absent" : flock(file, LOCK_EX | LOCK_NB) == 0 ? "free" : errno == EWOULDBLOCK ? "held" : strerrorname_np(errno));
	snprintf(name, sizeof name, "record-%s", files[at].name);
	saw_text(name, file < 0 ? "absent" : fcntl(file, F_OFD_GETLK, &record) != 0 ? strerrorname_np(errno) : record.l_type == F_UNLCK ? "free" : "held");
	if (file >= 0)
		close(file);
}

/* A third of a second of watching each, in which the one that holds opens it some sixty times. */
static void watch(int at)
{
	char name[64], events[4096];
	int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct pollfd waiting = { .fd = descriptor, .events = POLLIN };
	snprintf(name, sizeof name, "watch-%s", files[at].name);
	if (access(files[at].path, F_OK) != 0)
		saw_text(name, "absent");
	else if (inotify_add_watch(descriptor, files[at].path, IN_OPEN | IN_ACCESS | IN_CLOSE) < 0)
		saw(name, -1);
	else
		saw_text(name, poll(&waiting, 1, 330) > 0 && read(descriptor, events, sizeof events) > 0 ? "seen" : "quiet");
	close(descriptor);
}

static volatile sig_atomic_t noticed;

static void notice(int number)
{
	(void)number;
	noticed = 1;
}

static void directory_notice(void)
{
	const struct timespec third = { 0, 330000000 };
	/* F_NOTIFY tells of files in a directory: of those in /dev, which "hold" reads. DN_ACCESS, kept on. */
	int directory = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	signal(SIGIO, notice);
	if (fcntl(directory, F_NOTIFY, 1UL | 0x80000000UL) != 0) {
		saw("notice", -1);
		return;
	}
	nanosleep(&third, NULL);
	saw_text("notice", noticed ? "seen" : "quiet");
}

int main(int count, char **words)
{
	if (count > 1 && strcmp(words[1], "hold") == 0)
		return hold();
	for (int at = 0; at < FILES; at++) {
		look_at_locks(at);
		watch(at);
	}
	int file = open("/etc/debian_version", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	saw_text("lease", file >= 0 ? "free" : errno == EWOULDBLOCK ? "held" : strerrorname_np(errno));
	directory_notice();
	return 0;
}
