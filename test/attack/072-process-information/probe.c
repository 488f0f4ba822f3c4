/* Row 72: what /proc tells of the host and of others. */
#include "probe.h"
#include <ctype.h>
#include <dirent.h>

/* Addresses of the kernel: are there any but zero? */
static void kernel_addresses(void)
{
	char line[512];
	int some = 0;
	FILE *list = fopen("/proc/kallsyms", "re");
	while (list != NULL && fgets(line, sizeof line, list) != NULL)
		some |= strtoull(line, NULL, 16) != 0;
	saw_text("kernel-addresses", some ? "some" : "none");
}

static void processes(void)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	int count = 0;
	while (directory != NULL && (entry = readdir(directory)) != NULL)
		count += isdigit((unsigned char)entry->d_name[0]) != 0;
	saw_text("processes", count <= 4 ? "few" : "many");
}

static void host_paths(void)
{
	char line[8192];
	const char *answer = "none";
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	while (mounts != NULL && fgets(line, sizeof line, mounts) != NULL)
		if (strstr(line, "/var/lib/stockade") != NULL || strstr(line, "/run/stockade") != NULL || strstr(line, "/images ") != NULL)
			answer = "some";
	saw_text("host-paths-in-mounts", answer);
}

int main(void)
{
	const char *names[] = { "keys", "interrupts", "config.gz", "cmdline", "vmstat", "kallsyms", "timer_list", "slabinfo", "kmsg",
				"sched_debug", "latency_stats", "pressure/cpu", "pressure/memory", "sys/kernel/random/boot_id", "1/environ", "modules" };
	char name[64], path[96];
	for (size_t at = 0; at < sizeof names / sizeof *names; at++) {
		snprintf(path, sizeof path, "/proc/%s", names[at]);
		snprintf(name, sizeof name, "%s", names[at]);
		for (char *letter = name; *letter != '\0'; letter++)
			if (*letter == '/' || *letter == '.' || *letter == '_')
				*letter = '-';
		saw_read(name, path);
	}
	kernel_addresses();
	processes();
	host_paths();
	return 0;
}
