/* What all probes share: one line of JSON for each try, `{"try":"…","saw":"…"}`, where saw is "ok" or the name of an errno. */
#ifndef PROBE_H
#define PROBE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void saw_text(const char *attempt, const char *text)
{
	printf("{\"try\":\"%s\",\"saw\":\"%s\"}\n", attempt, text);
	fflush(stdout);
}

/* The result of a call that gives -1 and errno. */
static inline void saw(const char *attempt, long result)
{
	const char *name = result >= 0 ? "ok" : strerrorname_np(errno);
	saw_text(attempt, name != NULL ? name : "unknown-errno");
}

/* Opens, and closes again. */
static inline void saw_open(const char *attempt, const char *path, int flags)
{
	int descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	saw(attempt, descriptor);
	if (descriptor >= 0)
		close(descriptor);
}

/* Opens and reads: "ok" needs a byte; an end of file at once is "empty". */
static inline void saw_read(const char *attempt, const char *path)
{
	char byte[64];
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	long count = descriptor < 0 ? -1 : read(descriptor, byte, sizeof byte);
	if (count == 0)
		saw_text(attempt, "empty");
	else
		saw(attempt, count);
	if (descriptor >= 0)
		close(descriptor);
}

/* Runs a try in a child, for what may end or change the process. The child returns 0, or -1 and errno. */
static inline void saw_in_child(const char *attempt, long (*run)(void))
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		errno = 0;
		_exit(run() >= 0 ? 0 : (errno & 0xff));
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		saw(attempt, -1);
	} else if (WIFSIGNALED(status)) {
		char text[32];
		snprintf(text, sizeof text, "SIG%s", sigabbrev_np(WTERMSIG(status)));
		saw_text(attempt, text);
	} else {
		errno = WEXITSTATUS(status);
		saw(attempt, errno == 0 ? 0 : -1);
	}
}

#endif
