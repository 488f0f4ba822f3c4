/* Row 3: looks for half a second at every process but its own line, as one that joins would show up; and tries to get into each. */
#include "probe.h"
#include <ctype.h>
#include <dirent.h>
#include <sys/ptrace.h>
#include <time.h>

static int descriptors, memory, roots, attached, strangers;

static int opens(const char *process, const char *what, int flags)
{
	char path[300];
	snprintf(path, sizeof path, "/proc/%s/%s", process, what);
	int descriptor = open(path, flags | O_CLOEXEC);
	if (descriptor >= 0)
		close(descriptor);
	return descriptor >= 0;
}

static void look_at(const char *process)
{
	pid_t number = (pid_t)atol(process);
	if (number == getpid() || number == getppid())
		return;
	strangers += number != 1;
	descriptors += opens(process, "fd/0", O_RDONLY) || opens(process, "fd", O_RDONLY | O_DIRECTORY);
	memory += opens(process, "mem", O_RDWR) || opens(process, "environ", O_RDONLY) || opens(process, "maps", O_RDONLY);
	roots += opens(process, "root", O_RDONLY | O_DIRECTORY) || opens(process, "cwd", O_RDONLY | O_DIRECTORY);
	if (ptrace(PTRACE_ATTACH, number, NULL, NULL) == 0) {
		attached++;
		waitpid(number, NULL, __WALL);
		ptrace(PTRACE_DETACH, number, NULL, NULL);
	}
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(void)
{
	/* A child does the looking: outside, process 1 is the parent's shell and not the looker's parent. */
	pid_t child = fork();
	if (child != 0)
		return waitpid(child, NULL, 0) == child ? 0 : 1;
	for (double end = now() + 0.5; now() < end;) {
		DIR *list = opendir("/proc");
		for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;)
			if (isdigit((unsigned char)entry->d_name[0]))
				look_at(entry->d_name);
		if (list != NULL)
			closedir(list);
	}
	saw_text("descriptors-of-others", descriptors == 0 ? "none" : "some");
	saw_text("memory-of-others", memory == 0 ? "none" : "some");
	saw_text("root-of-others", roots == 0 ? "none" : "some");
	saw_text("attached", attached == 0 ? "none" : "some");
	saw_text("strangers", strangers == 0 ? "none" : "some");
	return 0;
}
