/* Row 63: every system call number there is and may come, but those that the profile allows (argument: numbers with commas).
 * Each is made in a child, all arguments -1. A number that answers neither EPERM nor ENOSYS was reached. */
#include "probe.h"

static long number;
static int listed[4096];

int main(int count, char **words)
{
	char text[4096] = "";
	int status, reached = 0, refused = 0;
	for (char *word = count > 1 ? strtok(words[1], ",") : NULL; word != NULL; word = strtok(NULL, ","))
		listed[atoi(word) & 4095] = 1;
	for (number = 0; number < 700; number++) {
		if (listed[number])
			continue;
		pid_t child = fork();
		if (child == 0) {
			alarm(2);
			errno = 0;
			long result = syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
			_exit(result == -1 && (errno == EPERM || errno == ENOSYS || errno == EAFNOSUPPORT) ? 0 : 1);
		}
		waitpid(child, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
			refused++;
			continue;
		}
		if (reached++ < 400)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%ld", text[0] != '\0' ? " " : "", number);
	}
	saw_text("reached", text);
	saw_text("tried", refused + reached > 200 ? "many" : "few");
	return 0;
}
