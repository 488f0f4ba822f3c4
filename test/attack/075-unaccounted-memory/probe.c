/* Row 75: pages that cannot be reclaimed or are counted elsewhere. Outside "raise-lock-limit" changes nothing but a child. */
#include "probe.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>

static long map(int flags)
{
	void *memory = mmap(NULL, 1UL << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	return memory == MAP_FAILED ? -1 : 0;
}
static long huge(void)
{
	void *memory = mmap(NULL, 2UL << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	return memory == MAP_FAILED ? -1 : 0;
}
static long huge_1g(void) { return map(MAP_HUGETLB | 30 << 26); }
static long huge_file(void)
{
	int file = memfd_create("probe", MFD_HUGETLB);
	if (file < 0)
		return -1;
	if (ftruncate(file, 2L << 20) != 0)
		return -1;
	return mmap(NULL, 2UL << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED ? -1 : 0;
}
static long huge_segment(void)
{
	int segment = shmget(IPC_PRIVATE, 2UL << 20, IPC_CREAT | SHM_HUGETLB | 0600);
	return segment < 0 ? -1 : shmctl(segment, IPC_RMID, NULL);
}
static long lock(void)
{
	void *memory = mmap(NULL, 64UL << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? -1 : mlock(memory, 64UL << 20);
}
static long lock_all(void) { return map(MAP_NORESERVE) == 0 ? mlockall(MCL_CURRENT | MCL_ONFAULT) : -1; }
static long raise_limit(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	return setrlimit(RLIMIT_MEMLOCK, &limit);
}
static long secret(void) { return syscall(447, 0UL); }
static long secret_high(void) { return syscall(447, (unsigned long)O_CLOEXEC | 1UL << 32); }
static long plain_file(void) { return memfd_create("probe", 0); }

int main(void)
{
	saw_in_child("huge-mapping", huge);
	saw_in_child("huge-mapping-1g", huge_1g);
	saw_in_child("huge-memfd", huge_file);
	saw_in_child("huge-shared-segment", huge_segment);
	saw_in_child("secret", secret);
	saw_in_child("secret-high-bit", secret_high);
	saw_in_child("lock-64-mib", lock);
	saw_in_child("lock-all", lock_all);
	saw_in_child("raise-lock-limit", raise_limit);
	saw_in_child("memfd", plain_file);
	return 0;
}
