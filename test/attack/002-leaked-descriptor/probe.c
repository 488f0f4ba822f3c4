/* Row 2: which descriptors came with us, what are they, and where do we stand? */
#include "probe.h"
#include <dirent.h>

static void list_descriptors(void)
{
	char text[512] = "";
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	if (directory == NULL) {
		saw("descriptors", -1);
		return;
	}
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory))
			continue;
		if (text[0] != '\0')
			strncat(text, " ", sizeof text - strlen(text) - 1);
		strncat(text, entry->d_name, sizeof text - strlen(text) - 1);
	}
	closedir(directory);
	saw_text("descriptors", text);
}

int main(void)
{
	char path[4096];
	struct stat status;
	int directories = 0;
	list_descriptors();
	for (int descriptor = 0; descriptor < 1024; descriptor++)
		if (fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode))
			directories++;
	saw_text("directory-descriptors", directories == 0 ? "none" : "some");
	/* The kernel's own word: libc would look for a way of its own. "(unreachable)" stands before what is not below the root. */
	saw_text("working-directory", syscall(SYS_getcwd, path, sizeof path) > 0 && path[0] == '/' ? "below-root" : "outside");
	return 0;
}
