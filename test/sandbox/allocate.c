/* Holds a known amount of memory (argument: bytes), every page of it touched. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int count, char **words)
{
	size_t bytes = count > 1 ? strtoull(words[1], NULL, 10) : 0;
	char *memory = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	for (size_t at = 0; at < bytes; at += 4096)
		memory[at] = 1;
	puts("held");
	return 0;
}
