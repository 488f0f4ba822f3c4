/* The inner process has a deny-list, on purpose: it stands beneath the job's allow-list, and must let supervisor, init and job work. It
 * is short, and the kernel caches its "always allowed" answers per call number (seccomp bitmaps, 5.11), so it costs a job nothing. The
 * front, which outsiders connect to, has an allow-list: it starts nothing any more.
 *
 * The refusal of the inner one is SECCOMP_RET_USER_NOTIF without a listener: the kernel answers ENOSYS by itself (seccomp(2)), for ever,
 * since a listener comes with its filter or never. SECCOMP_RET_ERRNO would go before the job's own filter where that one asks, and the
 * supervisor would not hear of the calls that matter most, nor after a kill of another architecture's. Where both ask, the newer filter's listener is asked, which is the supervisor. */
#include "own_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "native_architecture.h"

static const unsigned denied[] = {
    /* kernel code and its memory */
    SYS_bpf, SYS_kexec_load, SYS_kexec_file_load, SYS_init_module, SYS_finit_module, SYS_delete_module,
    /* calls that pass a filter by, or make races easy */
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_userfaultfd,
    /* keyrings are not namespaced */
    SYS_keyctl, SYS_add_key, SYS_request_key,
    /* other processes */
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_kcmp, SYS_process_madvise,
    SYS_move_pages, SYS_perf_event_open,
    /* files past path lookup (Shocker), and other namespaces */
    SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_setns, SYS_chroot, SYS_mount, SYS_fanotify_init,
    /* the host as a whole */
    SYS_swapon, SYS_swapoff, SYS_reboot, SYS_acct, SYS_quotactl, SYS_quotactl_fd, SYS_syslog, SYS_settimeofday,
    SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_vhangup, SYS_nfsservctl, SYS_lookup_dcookie,
#if defined(__x86_64__)
    SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib, SYS__sysctl,
#endif
};

/* All that the front does once it listens: wait, take a connection, look at its peer, hand it over, drain, note, end. It cannot open a file,
 * make a socket, a process or a namespace, or signal anybody. */
static const unsigned of_front[] = {
    SYS_ppoll, SYS_accept4, SYS_getsockopt, SYS_sendmsg, SYS_sendto, SYS_shutdown, SYS_close, SYS_read, SYS_write, SYS_unlinkat, SYS_wait4,
    SYS_lseek /* dprintf asks where it is */, SYS_clock_gettime, SYS_restart_syscall, SYS_rt_sigreturn, SYS_exit_group,
#if defined(__x86_64__)
    SYS_poll, SYS_unlink,
#endif
};

enum { DENIED = sizeof denied / sizeof *denied, OF_FRONT = sizeof of_front / sizeof *of_front, ROWS_MAX = 64 };
_Static_assert(DENIED <= ROWS_MAX && OF_FRONT <= ROWS_MAX, "a jump reaches 255 instructions");

bool own_filter_denies(unsigned number) {
  for (unsigned at = 0; at < DENIED; at++)
    if (denied[at] == number)
      return true;
  return number >= X32_BIT;
}

/* The calls listed are those denied, or those allowed. */
static int install(const unsigned *numbers, unsigned count, bool are_denied, uint32_t refusal) {
  struct sock_filter code[ROWS_MAX + 8];
  unsigned short at = 0;
  /* Another architecture's numbers mean other calls (int 0x80): not one of them is wanted. */
  code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
  code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, are_denied ? refusal : SECCOMP_RET_KILL_PROCESS);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
  code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refusal);
#endif
  for (unsigned row = 0; row < count; row++)
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[row], (unsigned char)(count - row), 0);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, are_denied ? SECCOMP_RET_ALLOW : refusal);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, are_denied ? refusal : SECCOMP_RET_ALLOW);
  struct sock_fprog program = {.len = at, .filter = code};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : -errno;
}

int own_filter_install(void) { return install(denied, DENIED, true, SECCOMP_RET_USER_NOTIF); }

int own_filter_install_front(void) { return install(of_front, OF_FRONT, false, SECCOMP_RET_ERRNO | EPERM); }
