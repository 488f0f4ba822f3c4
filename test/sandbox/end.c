/* Ends in the way that its arguments say, and needs nothing but the kernel for it: one small program for every kind of ending. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILDREN_MAX = 256, PIECE = 65536, PAGE = 4096 };

static long number(const char *word) { return strtol(word, NULL, 10); }

/* So much of its own processor time, by the kernel's clock of this process. */
static void spin(long milliseconds)
{
	struct timespec now;
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < milliseconds);
}

static void rest(long milliseconds)
{
	struct timespec left = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
	while (nanosleep(&left, &left) < 0)
		;
}

static void allocate(long bytes)
{
	char *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		_exit(90);
	for (long at = 0; at < bytes; at += PAGE)
		memory[at] = 1;
}

/* By turns to standard output and standard error, as far as the stream's number says: 1, 2, or 3 for both. */
static void print(long bytes, long stream)
{
	static char piece[PIECE];
	memset(piece, 'x', sizeof piece);
	for (long turn = 0; bytes > 0; turn++) {
		long most = stream == 3 ? 1000 : PIECE;
		long to = stream == 3 ? 1 + turn % 2 : stream;
		ssize_t wrote = write((int)to, piece, (size_t)(bytes < most ? bytes : most));
		if (wrote < 0)
			_exit(91);
		bytes -= wrote;
	}
}

/* Returns how many bytes found room. */
static long fill(const char *path, long bytes)
{
	static char piece[PIECE];
	long done = 0;
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (file < 0)
		_exit(92);
	while (done < bytes) {
		long most = bytes - done < PIECE ? bytes - done : PIECE;
		ssize_t wrote = write(file, piece, (size_t)most);
		if (wrote <= 0)
			break;
		done += wrote;
	}
	close(file);
	return done;
}

static pid_t children[CHILDREN_MAX];
static long born;

/* Returns whether all were born that were wanted. */
static int breed(long wanted)
{
	while (born < wanted && born < CHILDREN_MAX) {
		pid_t child = fork();
		if (child < 0)
			return 0;
		if (child == 0)
			for (;;)
				pause();
		children[born++] = child;
	}
	return born == wanted;
}

static void bury(void)
{
	for (; born > 0; born--) {
		kill(children[born - 1], SIGKILL);
		waitpid(children[born - 1], NULL, 0);
	}
}

/* The rest of the arguments is done by a child, whatever becomes of it. */
static int act(char **words);
static void delegate(char **words)
{
	pid_t child = fork();
	if (child < 0)
		_exit(93);
	if (child == 0)
		_exit(act(words));
	waitpid(child, NULL, 0);
}

static void end_by(long signal_number)
{
	signal((int)signal_number, SIG_DFL);
	kill(getpid(), (int)signal_number);
}

/* One word after the other; `exit`, or the end of the words, ends it. */
static int act(char **words)
{
	for (; *words != NULL; words += 2) {
		const char *what = words[0];
		const char *with = words[1] == NULL ? "0" : words[1];
		if (strcmp(what, "exit") == 0)
			return (int)number(with);
		else if (strcmp(what, "raise") == 0)
			end_by(number(with));
		else if (strcmp(what, "spin") == 0)
			spin(number(with));
		else if (strcmp(what, "sleep") == 0)
			rest(number(with));
		else if (strcmp(what, "allocate") == 0)
			allocate(number(with));
		else if (strcmp(what, "out") == 0)
			print(number(with), 1);
		else if (strcmp(what, "err") == 0)
			print(number(with), 2);
		else if (strcmp(what, "both") == 0)
			print(number(with), 3);
		else if (strcmp(what, "fill") == 0 && fill("filled", number(with)) < number(with))
			return 1;
		else if (strcmp(what, "try-fill") == 0)
			fill("filled", number(with));
		else if (strcmp(what, "remove") == 0)
			unlink(with);
		else if (strcmp(what, "breed") == 0 && !breed(number(with)))
			return 1;
		else if (strcmp(what, "try-breed") == 0)
			breed(number(with));
		else if (strcmp(what, "bury") == 0)
			bury();
		else if (strcmp(what, "bomb") == 0)
			for (;;)
				breed(CHILDREN_MAX);
		else if (strcmp(what, "call") == 0)
			syscall(number(with), 0, 0, 0, 0);
		else if (strcmp(what, "child") == 0) {
			delegate(words + 2);
			return (int)number(with);
		}
		if (words[1] == NULL)
			break;
	}
	return 0;
}

int main(int count, char **words)
{
	return count > 1 ? act(words + 1) : 0;
}
