/* Burns a known amount of processor time (argument: milliseconds) by the kernel's own clock of it, and prints what that clock says. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double spent(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int count, char **words)
{
	double end = count > 1 ? atof(words[1]) : 300.0;
	while (spent() < end)
		;
	printf("%.3f\n", spent());
	return 0;
}
