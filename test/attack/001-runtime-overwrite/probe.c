/* Row 1: is the binary of the process that made us within reach? */
#include "probe.h"

int main(void)
{
	saw_open("read-exe-of-process-1", "/proc/1/exe", O_RDONLY);
	saw_open("write-exe-of-process-1", "/proc/1/exe", O_WRONLY);
	saw_open("map-files-of-process-1", "/proc/1/map_files", O_RDONLY | O_DIRECTORY);
	saw_open("root-of-process-1", "/proc/1/root", O_PATH);
	return 0;
}
