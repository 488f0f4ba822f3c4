/* Row 28: `hold` leaves a file in each place that all may write, and stays; else: are they found? */
#include "probe.h"
#include <dirent.h>
#include <mqueue.h>
#include <semaphore.h>
#include <sys/mman.h>

static const char *const places[][2] = {
	{ "dev-shm", "/dev/shm/stockade-probe-held" }, { "tmp", "/tmp/stockade-probe-held" }, { "var-tmp", "/var/tmp/stockade-probe-held" },
};

static void tidy(int number)
{
	(void)number;
	for (int at = 0; at < 3; at++)
		unlink(places[at][1]);
	shm_unlink("/stockade-probe-memory");
	sem_unlink("/stockade-probe-semaphore");
	mq_unlink("/stockade-probe-queue");
	_exit(0);
}

static int hold(void)
{
	signal(SIGTERM, tidy);
	for (int at = 0; at < 3; at++)
		close(open(places[at][1], O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	shm_open("/stockade-probe-memory", O_RDWR | O_CREAT, 0666);
	sem_open("/stockade-probe-semaphore", O_CREAT, 0666, 1);
	mq_open("/stockade-probe-queue", O_RDWR | O_CREAT, 0666, NULL);
	saw_text("hold", "ready");
	for (;;)
		pause();
}

int main(int count, char **words)
{
	int entries = 0;
	if (count > 1 && strcmp(words[1], "hold") == 0)
		return hold();
	for (int at = 0; at < 3; at++)
		saw(places[at][0], access(places[at][1], F_OK));
	saw("named-memory", shm_open("/stockade-probe-memory", O_RDONLY, 0));
	saw("named-semaphore", sem_open("/stockade-probe-semaphore", 0) == SEM_FAILED ? -1 : 0);
	saw("dev-mqueue", access("/dev/mqueue/stockade-probe-queue", F_OK));
	DIR *list = opendir("/dev/shm");
	while (list != NULL && readdir(list) != NULL)
		entries++;
	saw_text("entries-of-dev-shm", entries <= 2 ? "none" : "some");
	return 0;
}
