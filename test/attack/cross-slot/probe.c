/* What one job can do to another that runs at the same time. `hold MARK` holds all that can be held and waits; `try MARK PID` tries to reach
 * it. Outside of any sandbox the same two programs, of one user, reach each other in every way. */
#include "probe.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

/* A file of the image that every job of it has. Nobody writes into it. */
static const char shared_file[] = "/usr/bin/env";
enum { IPC_NUMBER = 0x53746f63, PORT = 47321 };

static char mark[64] = "stockade-cross";
static char word[64] = "secret-of-the-other-job";

static const char *named(const char *format)
{
	static char name[8][160];
	static unsigned at;
	at = (at + 1) % 8;
	snprintf(name[at], sizeof name[at], format, mark);
	return name[at];
}

static socklen_t unix_name(struct sockaddr_un *address, const char *name, int abstract)
{
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path + abstract, sizeof address->sun_path - 1, "%s", name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (unsigned)abstract + strlen(name));
}

static int unix_socket(const char *name, int abstract, int listening)
{
	struct sockaddr_un address;
	socklen_t length = unix_name(&address, name, abstract);
	int made = socket(AF_UNIX, SOCK_STREAM, 0);
	if (!listening)
		return connect(made, (struct sockaddr *)&address, length);
	unlink(name);
	return bind(made, (struct sockaddr *)&address, length) == 0 ? listen(made, 4) : -1;
}

static int port(int listening)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1, made = socket(AF_INET, SOCK_STREAM, 0);
	if (!listening)
		return connect(made, (struct sockaddr *)&address, sizeof address);
	setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return bind(made, (struct sockaddr *)&address, sizeof address) == 0 ? listen(made, 4) : -1;
}

static void write_file(const char *path)
{
	int file = open(path, O_CREAT | O_RDWR, 0666);
	if (file >= 0 && write(file, word, sizeof word) < 0)
		perror(path);
}

static void hold_ipc(void)
{
	int memory = shmget(IPC_NUMBER, 4096, IPC_CREAT | 0666);
	char *place = memory < 0 ? (void *)-1 : shmat(memory, NULL, 0);
	if (place != (void *)-1)
		strcpy(place, word);
	semget(IPC_NUMBER, 1, IPC_CREAT | 0666);
	msgget(IPC_NUMBER, IPC_CREAT | 0666);
	mq_open(named("/%s"), O_CREAT | O_RDWR, 0666, NULL);
	shm_open(named("/%s"), O_CREAT | O_RDWR, 0666);
	syscall(SYS_add_key, "user", mark, word, strlen(word), -4);
}

static _Noreturn void hold(void)
{
	struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int file = open(shared_file, O_RDONLY);
	flock(file, LOCK_EX);
	/* Of the open file, not of the process: that would be lost with the first close below. */
	fcntl(open(shared_file, O_RDONLY), F_OFD_SETLK, &whole);
	write_file(named("/tmp/%s"));
	write_file(named("/dev/shm/%s-file"));
	hold_ipc();
	unix_socket(named("%s-abstract"), 1, 1);
	unix_socket(named("/tmp/%s-socket"), 0, 1);
	port(1);
	printf("held at %p\n", (void *)word);
	fflush(stdout);
	for (;;) {
		/* What a watcher on the shared file would see. */
		close(open(shared_file, O_RDONLY));
		usleep(20000);
	}
}

static void try_processes(pid_t other, void *place)
{
	char path[64], got[64];
	struct iovec here = {got, sizeof got}, there = {place, sizeof got};
	saw("signal", kill(other, 0));
	saw("priority", getpriority(PRIO_PROCESS, (id_t)other) == -1 && errno != 0 ? -1 : 0);
	saw("descriptor-of-process", syscall(SYS_pidfd_open, other, 0));
	saw("read-memory", process_vm_readv(other, &here, 1, &there, 1, 0));
	long traced = ptrace(PTRACE_SEIZE, other, NULL, NULL);
	saw("trace", traced);
	if (traced == 0)
		ptrace(PTRACE_DETACH, other, NULL, NULL);
	snprintf(path, sizeof path, "/proc/%d/cmdline", other);
	saw_read("command-line", path);
	snprintf(path, sizeof path, "/proc/%d/environ", other);
	saw_read("environment", path);
	snprintf(path, sizeof path, "/proc/%d/root", other);
	saw_open("root", path, O_PATH);
	snprintf(path, sizeof path, "/proc/%d/fd", other);
	saw_open("descriptors", path, O_RDONLY | O_DIRECTORY);
}

/* Any process under any number whose command line has the mark and is not ours. */
static void try_search(void)
{
	char path[300], line[512];
	int found = 0;
	struct dirent *entry;
	DIR *list = opendir("/proc");
	while (list != NULL && (entry = readdir(list)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || atoi(entry->d_name) == getpid())
			continue;
		snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
		FILE *file = fopen(path, "re");
		size_t got = file == NULL ? 0 : fread(line, 1, sizeof line - 1, file);
		line[got] = '\0';
		for (size_t at = 0; at < got; at += strlen(line + at) + 1)
			found |= strcmp(line + at, "hold") == 0;
		if (file != NULL)
			fclose(file);
	}
	saw_text("listed-process", found ? "found" : "none");
}

static void try_sockets(void)
{
	saw("abstract-socket", unix_socket(named("%s-abstract"), 1, 0));
	saw("path-socket", unix_socket(named("/tmp/%s-socket"), 0, 0));
	saw("loopback-port", port(0));
}

static void try_ipc(void)
{
	saw("system-v-memory", shmget(IPC_NUMBER, 0, 0));
	saw("system-v-semaphore", semget(IPC_NUMBER, 0, 0));
	saw("system-v-queue", msgget(IPC_NUMBER, 0));
	saw("posix-queue", mq_open(named("/%s"), O_RDWR));
	saw("posix-memory", shm_open(named("/%s"), O_RDWR, 0));
	saw("key", syscall(SYS_request_key, "user", mark, NULL, 0));
}

static void try_files(void)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int file = open(shared_file, O_RDONLY);
	char event[4096];
	saw_read("file-in-tmp", named("/tmp/%s"));
	saw_read("file-in-shm", named("/dev/shm/%s-file"));
	/* Here success is isolation: the lock that the other holds is not ours to feel. */
	saw("whole-file-lock", flock(file, LOCK_EX | LOCK_NB));
	flock(file, LOCK_UN);
	saw("asking-for-its-lock", fcntl(file, F_GETLK, &whole));
	saw_text("record-lock", whole.l_type == F_UNLCK ? "none" : "seen");
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	inotify_add_watch(watch, shared_file, IN_OPEN);
	usleep(400000);
	saw_text("watch-of-opens", read(watch, event, sizeof event) > 0 ? "seen" : "none");
}

int main(int count, char **words)
{
	if (count > 2)
		snprintf(mark, sizeof mark, "%s", words[2]);
	/* Of the control: nobody but its owner can take away a queue of the host, and no tool does. */
	if (count > 1 && strcmp(words[1], "clear") == 0)
		return mq_unlink(named("/%s")) == 0 || errno == ENOENT ? 0 : 1;
	if (count > 1 && strcmp(words[1], "hold") == 0)
		hold();
	void *place = NULL;
	if (count > 4)
		sscanf(words[4], "%p", &place);
	try_processes(count > 3 ? atoi(words[3]) : 1, place);
	try_search();
	try_sockets();
	try_ipc();
	try_files();
	return 0;
}
