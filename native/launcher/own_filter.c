/* A deny-list, on purpose: it stands beneath the job's allow-list, and must let supervisor, init and job work. It is short, and
 * the kernel caches its "always allowed" answers per call number (seccomp bitmaps, 5.11), so it costs a job nothing.
 *
 * Its refusal is SECCOMP_RET_USER_NOTIF without a listener: the kernel answers ENOSYS by itself (seccomp(2)), for ever, since a listener
 * comes with its filter or never. SECCOMP_RET_ERRNO would go before the job's own filter where that one asks, and the supervisor would
 * not hear of the calls that matter most. Where both ask, the newer filter's listener is asked, which is the supervisor. */
#include "own_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
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

enum { DENIED = sizeof denied / sizeof *denied };

bool own_filter_denies(unsigned number) {
  for (unsigned at = 0; at < DENIED; at++)
    if (denied[at] == number)
      return true;
  return number >= X32_BIT;
}

int own_filter_install(void) {
  struct sock_filter code[DENIED + 8];
  unsigned short at = 0;
  /* Another architecture's numbers mean other calls (int 0x80): not one of them is wanted. */
  code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
  code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
  code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, DENIED + 1, 0);
#endif
  for (unsigned row = 0; row < DENIED; row++)
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, denied[row], (unsigned char)(DENIED - row), 0);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  struct sock_fprog program = {.len = at, .filter = code};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : -errno;
}
