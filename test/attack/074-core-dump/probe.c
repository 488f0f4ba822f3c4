/* Row 74: does a crash leave a core? In a directory of its own, where core_pattern may put it. */
#include "probe.h"
#include <dirent.h>
#include <sys/resource.h>

/* What the host would find by, were it to find a core. */
volatile char marker[] = "stockade-probe-core-marker";

static void crash(const char *attempt, int number)
{
	int status = 0;
	char text[64];
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		signal(number, SIG_DFL);
		raise(number);
		_exit(1);
	}
	waitpid(child, &status, 0);
	snprintf(text, sizeof text, "SIG%s%s", WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "0", WIFSIGNALED(status) && WCOREDUMP(status) ? "-dumped" : "");
	saw_text(attempt, text);
}

static long raise_limit(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	return setrlimit(RLIMIT_CORE, &limit);
}

int main(void)
{
	struct rlimit limit;
	char place[] = "/tmp/stockade-probe-XXXXXX";
	int entries = 0;
	marker[0] = 's';
	if (mkdtemp(place) == NULL || chdir(place) != 0 || getrlimit(RLIMIT_CORE, &limit) != 0)
		return 1;
	crash("crash", SIGSEGV);
	crash("abort", SIGABRT);
	DIR *list = opendir(".");
	for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
		entries++;
		if (entry->d_name[0] != '.')
			unlink(entry->d_name);
	}
	saw_text("core-files", entries <= 2 ? "none" : "some");
	saw_text("limit", limit.rlim_max == 0 ? "0" : limit.rlim_max == RLIM_INFINITY ? "unlimited" : "some");
	saw_in_child("raise-limit", raise_limit);
	rmdir(place);
	return 0;
}
