/* Row 78: `hold` makes one of each kind, and stays; else: are they found by key, by name, or by trying numbers? */
#include "probe.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { KEY = 0x53544b44, KEYS = 4 };

static int segment, semaphores, messages;

static void tidy(int number)
{
	(void)number;
	shmctl(segment, IPC_RMID, NULL);
	semctl(semaphores, 0, IPC_RMID);
	msgctl(messages, IPC_RMID, NULL);
	mq_unlink("/stockade-probe-ipc");
	_exit(0);
}

static int hold(void)
{
	signal(SIGTERM, tidy);
	segment = shmget(KEY, 4096, IPC_CREAT | 0666);
	semaphores = semget(KEY, 1, IPC_CREAT | 0666);
	messages = msgget(KEY, IPC_CREAT | 0666);
	/* Where RLIMIT_MSGQUEUE leaves no room, there is none to be found. */
	mq_open("/stockade-probe-ipc", O_RDWR | O_CREAT, 0666, NULL);
	if (segment < 0 || semaphores < 0 || messages < 0)
		return 1;
	saw_text("hold", "ready");
	for (;;)
		pause();
}

int main(int count, char **words)
{
	int found = 0;
	struct shm_info information;
	struct shmid_ds segment_state;
	struct msqid_ds queue_state;
	if (count > 1 && strcmp(words[1], "hold") == 0)
		return hold();
	saw("shared-memory", shmget(KEY, 0, 0));
	saw("semaphores", semget(KEY, 0, 0));
	saw("messages", msgget(KEY, 0));
	saw("posix-queue", mq_open("/stockade-probe-ipc", O_RDONLY));
	/* SHM_STAT and MSG_STAT take a place in the kernel's table instead of a key. */
	for (int at = 0; at < 128; at++) {
		found += shmctl(at, SHM_STAT, &segment_state) >= 0;
		found += msgctl(at, MSG_STAT, &queue_state) >= 0;
	}
	saw_text("by-number", found == 0 ? "none" : "some");
	saw_text("segments-listed", shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&information) >= 0 && information.used_ids == 0 ? "none" : "some");
	return 0;
}
