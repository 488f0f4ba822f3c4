/* Row 58: a program of two instructions (return 0), a map, and programs on a socket. */
#include "probe.h"
#include <linux/bpf.h>
#include <linux/filter.h>
#include <sys/socket.h>

static const unsigned long high = 1UL << 32;

static long load(void)
{
	struct bpf_insn program[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr attributes = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2,
				      .insns = (unsigned long)program, .license = (unsigned long)"GPL" };
	return syscall(SYS_bpf, (unsigned long)BPF_PROG_LOAD, &attributes, sizeof attributes);
}
static long map(unsigned long command)
{
	union bpf_attr attributes = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };
	return syscall(SYS_bpf, command, &attributes, sizeof attributes);
}
static long make_map(void) { return map(BPF_MAP_CREATE); }
static long make_map_high(void) { return map(BPF_MAP_CREATE | high); }
static long next_program(void)
{
	union bpf_attr attributes = { .start_id = 0 };
	return syscall(SYS_bpf, (unsigned long)BPF_PROG_GET_NEXT_ID, &attributes, sizeof attributes);
}
static long option(unsigned long level, unsigned long name, const void *value, unsigned long length)
{
	int one = 1, descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0)
		return -1;
	return syscall(SYS_setsockopt, (long)descriptor, level, name, value, length);
}
static long old_program(unsigned long more, unsigned long name)
{
	struct sock_filter all[] = { { BPF_RET | BPF_K, 0, 0, 0 } };
	struct sock_fprog program = { 1, all };
	return option(SOL_SOCKET | more, name | more, &program, sizeof program);
}
static long attach(void) { int none = -1; return option(SOL_SOCKET, 50, &none, sizeof none); }
static long attach_reuseport(void) { int none = -1; return option(SOL_SOCKET, 52, &none, sizeof none); }
static long filter(void) { return old_program(0, 26); }
static long filter_high(void) { return old_program(high, 26); }
static long filter_reuseport(void) { return old_program(0, 51); }

int main(void)
{
	saw_in_child("load-program", load);
	saw_in_child("make-map", make_map);
	saw_in_child("next-program", next_program);
	saw_in_child("high-bit", make_map_high);
	saw_in_child("attach-bpf", attach);
	saw_in_child("attach-filter", filter);
	saw_in_child("attach-filter-high-bits", filter_high);
	saw_in_child("attach-reuseport", filter_reuseport);
	saw_in_child("attach-reuseport-bpf", attach_reuseport);
	return 0;
}
