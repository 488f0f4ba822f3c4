/* Row 79: signals to process 1, to a process of the host (arguments: signal, its pid there), and to everybody. */
#include "probe.h"

int main(int count, char **words)
{
	int number = count > 1 ? atoi(words[1]) : 0;
	pid_t host = count > 2 ? atoi(words[2]) : 1;
	saw("process-1", kill(1, number));
	saw("process-of-the-host", kill(host, number));
	saw("group-of-process-1", kill(-1 * host, number));
	saw_text("still-there", "yes");
	return 0;
}
