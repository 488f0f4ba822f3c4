/* Uses a known amount of one thing and says what it knows of it itself, as one line of JSON. What stands before main and after the line is
 * the kernel's and the C library's: no program can see that of itself.
 *
 * probe WHAT AMOUNT [hold]: with `hold` it then sleeps, so that its group can be looked at from outside. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, PIECE = 65536, CHILDREN = 50 };

static double read_clock(clockid_t clock)
{
	struct timespec now;
	if (clock_gettime(clock, &now) < 0)
		_exit(90);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void spin(double milliseconds)
{
	double end = read_clock(CLOCK_PROCESS_CPUTIME_ID) + milliseconds;
	while (read_clock(CLOCK_PROCESS_CPUTIME_ID) < end)
		;
}

static void breed(double milliseconds)
{
	for (int child = 0; child < CHILDREN; child++) {
		pid_t pid = fork();
		if (pid < 0)
			_exit(91);
		if (pid == 0) {
			spin(milliseconds / CHILDREN);
			_exit(0);
		}
		if (waitpid(pid, NULL, 0) < 0)
			_exit(92);
	}
}

static double of_children(void)
{
	struct rusage used;
	if (getrusage(RUSAGE_CHILDREN, &used) < 0)
		_exit(93);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static void touch(const char *memory, size_t bytes, int write_too)
{
	for (size_t at = 0; at < bytes; at += PAGE)
		if (write_too)
			((volatile char *)(size_t)memory)[at] = 1;
		else
			(void)((const volatile char *)memory)[at];
}

static void *map(size_t bytes, int protection, int flags, int file)
{
	void *memory = mmap(NULL, bytes, protection, flags, file, 0);
	if (memory == MAP_FAILED)
		_exit(94);
	return memory;
}

static void fill(int file, size_t bytes)
{
	static const char piece[PIECE];
	for (size_t done = 0; done < bytes; done += sizeof piece)
		if (write(file, piece, sizeof piece) != (ssize_t)sizeof piece)
			_exit(95);
}

/* Where the file is decides what it is: below /work or in /dev/shm it is memory of the sandbox's own. */
static void file_backed(const char *path, size_t bytes, int flags)
{
	int file = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (file < 0)
		_exit(96);
	fill(file, bytes);
	if (flags != 0)
		touch(map(bytes, PROT_READ | PROT_WRITE, flags, file), bytes, flags == MAP_SHARED);
}

/* Of the image, which all sandboxes share. */
static void image_file(const char *path)
{
	int file = open(path, O_RDONLY);
	off_t bytes = file < 0 ? -1 : lseek(file, 0, SEEK_END);
	if (bytes <= 0)
		_exit(97);
	touch(map((size_t)bytes, PROT_READ, MAP_PRIVATE, file), (size_t)bytes, 0);
}

/* Both processes write to each page. */
static void shared(size_t bytes)
{
	const char *memory = map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	touch(memory, bytes, 1);
	pid_t child = fork();
	if (child < 0)
		_exit(98);
	if (child == 0) {
		touch(memory, bytes, 1);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void use(const char *what, double amount, const char *path)
{
	size_t bytes = (size_t)amount;
	if (strcmp(what, "spin") == 0)
		spin(amount);
	else if (strcmp(what, "fork") == 0)
		breed(amount);
	else if (strcmp(what, "sleep") == 0)
		usleep((useconds_t)(amount * 1e3));
	else if (strcmp(what, "anonymous") == 0)
		touch(map(bytes + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), bytes, 1);
	else if (strcmp(what, "shared") == 0)
		shared(bytes);
	else if (strcmp(what, "file") == 0)
		file_backed("/work/file", bytes, MAP_SHARED);
	else if (strcmp(what, "tmpfs") == 0)
		file_backed("/dev/shm/file", bytes, 0);
	else if (strcmp(what, "image") == 0)
		image_file(path);
}

int main(int count, char **words)
{
	double cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	double wall = read_clock(CLOCK_MONOTONIC);
	if (count < 3)
		return 1;
	use(words[1], atof(words[2]), words[2]);
	cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = read_clock(CLOCK_MONOTONIC) - wall;
	printf("{\"cpuMs\":%.3f,\"childrenMs\":%.3f,\"wallMs\":%.3f}\n", cpu, of_children(), wall);
	fflush(stdout);
	if (count > 3)
		sleep(3600);
	return 0;
}
