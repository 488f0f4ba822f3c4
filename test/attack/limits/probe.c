/* A little more of everything than a job may have: no row of the reference, but what the limits are for. Bounded, so that it may run where
 * a limit has been left out. */
#include "../probe.h"
#include <sys/mman.h>

enum { PROCESSES = 100, DESCRIPTORS = 400, FILES = 18000, MEBIBYTE = 1048576 };

static void processes(void)
{
	static pid_t children[PROCESSES];
	int count = 0;
	while (count < PROCESSES && (children[count] = fork()) >= 0)
		if (children[count++] == 0)
			for (;;)
				pause();
	saw("processes", count == PROCESSES ? 0 : -1);
	while (count-- > 0) {
		kill(children[count], SIGKILL);
		waitpid(children[count], NULL, 0);
	}
}

static void descriptors(void)
{
	int last = 0;
	int count = 0;
	for (; count < DESCRIPTORS && last >= 0; count++)
		last = open("/dev/null", O_RDONLY | O_CLOEXEC);
	saw("descriptors", last);
	for (int descriptor = 3; descriptor < DESCRIPTORS + 3; descriptor++)
		close(descriptor);
}

/* Nothing is written: a hole. */
static void file_size(void)
{
	signal(SIGXFSZ, SIG_IGN);
	int file = open("hole", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	saw("file-size", file < 0 ? -1 : ftruncate(file, 65L * MEBIBYTE));
	close(file);
	unlink("hole");
}

static long fill(const char *name)
{
	int file = open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	long result = file < 0 ? -1 : 0;
	if (file >= 0 && (errno = posix_fallocate(file, 0, 40L * MEBIBYTE)) != 0)
		result = -1;
	int error = errno;
	close(file);
	errno = error;
	return result;
}

/* Two files, each of which may be as large. */
static void disk_bytes(void)
{
	long result = fill("first") == 0 ? fill("second") : -1;
	saw("disk-bytes", result);
	unlink("first");
	unlink("second");
}

static void disk_inodes(void)
{
	char name[32];
	int made = 0;
	long result = mkdir("many", 0700);
	for (; result == 0 && made < FILES; made++) {
		snprintf(name, sizeof name, "many/%d", made);
		result = mknod(name, S_IFREG | 0600, 0);
	}
	saw("disk-inodes", result);
	while (made-- > 0) {
		snprintf(name, sizeof name, "many/%d", made);
		unlink(name);
	}
	rmdir("many");
}

/* Whoever is refused this does not get to say so. */
static void memory(void)
{
	const size_t size = 320UL * MEBIBYTE;
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t at = 0; bytes != MAP_FAILED && at < size; at += 4096)
		bytes[at] = 1;
	saw("memory", bytes == MAP_FAILED ? -1 : 0);
}

int main(void)
{
	char directory[] = "/tmp/limits-XXXXXX";
	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
		return 1;
	processes();
	descriptors();
	file_size();
	disk_bytes();
	disk_inodes();
	if (chdir("/") != 0 || rmdir(directory) != 0)
		return 1;
	memory();
	return 0;
}
