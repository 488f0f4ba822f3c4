/* Row 62: clone3 itself, and what libraries make of its answer. */
#include "probe.h"
#include <pthread.h>
#include <spawn.h>

extern char **environ;

static long plain(void)
{
	unsigned long long arguments[11] = { 0, 0, 0, 0, SIGCHLD };
	long child = syscall(SYS_clone3, arguments, sizeof arguments);
	if (child == 0)
		_exit(0);
	return child;
}
static void *set_to_one(void *value)
{
	*(int *)value = 1;
	return NULL;
}
static void thread(void)
{
	pthread_t other;
	int value = 0, error = pthread_create(&other, NULL, set_to_one, &value);
	if (error == 0)
		pthread_join(other, NULL);
	errno = error;
	saw("thread", error == 0 && value == 1 ? 0 : -1);
}
static void spawn(void)
{
	pid_t child;
	int status = -1;
	char *words[] = { "true", NULL };
	errno = posix_spawnp(&child, "true", NULL, NULL, words, environ);
	if (errno == 0)
		waitpid(child, &status, 0);
	saw("spawn", status == 0 ? 0 : -1);
}
static long child(void) { return 0; }

int main(void)
{
	saw_in_child("clone3", plain);
	saw("clone3-bad-pointer", syscall(SYS_clone3, -1L, 88UL));
	saw("clone3-no-size", syscall(SYS_clone3, -1L, 0UL));
	thread();
	saw_in_child("fork", child);
	spawn();
	saw("shell", system("true") == 0 ? 0 : -1);
	return 0;
}
