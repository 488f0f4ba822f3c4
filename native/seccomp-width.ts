// Which system-call arguments the kernel cuts down, and to how many bits. seccomp sees all 64 bits of a
// register, the call itself sees an int: a compare on 64 bits can be dodged by a high bit (CVE-2019-7303).
//
// From the prototypes in Linux 6.1 include/linux/syscalls.h (later calls: their definitions). One letter an
// argument: i = 32 bits, s = 16 bits (umode_t), - = pointer, size or long. clone takes an unsigned long, but
// keeps the low half only (kernel/fork.c), so it counts as 32.

const table = `
accept:i accept4:i--i access:-i add_key:----i alarm:i arch_prctl:i bind:i-i bpf:i-i
cachestat:i--i chmod:-s chown:-ii clock_adjtime:i clock_getres:i clock_gettime:i
clock_nanosleep:ii clock_settime:i clone:i close:i close_range:iii connect:i-i
copy_file_range:i-i--i creat:-s delete_module:-i dup:i dup2:ii dup3:iii epoll_create:i
epoll_create1:i epoll_ctl:iii epoll_pwait:i-ii epoll_pwait2:i-i epoll_wait:i-ii eventfd:i
eventfd2:ii execveat:i---i exit:i exit_group:i faccessat:i-i faccessat2:i-ii fadvise64:i--i
fallocate:ii fanotify_init:ii fanotify_mark:ii-i fchdir:i fchmod:is fchmodat:i-s
fchmodat2:i-si fchown:iii fchownat:i-iii fcntl:ii fdatasync:i fgetxattr:i file_getattr:i---i
file_setattr:i---i finit_module:i-i flistxattr:i flock:ii fremovexattr:i fsconfig:ii--i
fsetxattr:i---i fsmount:iii fsopen:-i fspick:i-i fstat:i fstatfs:i fsync:i ftruncate:i
futex:-ii--i futex_requeue:-iii futex_wait:---i-i futex_waitv:-ii--i futex_wake:--ii
futimesat:i get_robust_list:i getdents:i-i getdents64:i-i getgroups:i getitimer:i
getpeername:i getpgid:i getpriority:ii getrandom:--i getrlimit:i getrusage:i getsid:i
getsockname:i getsockopt:iii getxattrat:i-i inotify_add_watch:i-i inotify_init1:i
inotify_rm_watch:ii io_setup:i io_uring_enter:iiii io_uring_register:ii-i io_uring_setup:i
ioctl:ii ioperm:--i ioprio_get:ii ioprio_set:iii kcmp:iii kexec_file_load:ii keyctl:i
kill:ii landlock_add_rule:ii-i landlock_create_ruleset:--i landlock_restrict_self:ii
lchown:-ii linkat:i-i-i listen:ii listmount:---i listxattrat:i-i lseek:i-i lsetxattr:----i
lsm_get_self_attr:i--i lsm_list_modules:--i lsm_set_self_attr:i--i madvise:--i
map_shadow_stack:--i mbind:-----i membarrier:iii memfd_create:-i memfd_secret:i
migrate_pages:i mkdir:-s mkdirat:i-s mknod:-si mknodat:i-si mlock2:--i mlockall:i
modify_ldt:i mount_setattr:i-i move_mount:i-i-i move_pages:i----i mq_getsetattr:i
mq_notify:i mq_open:-is mq_timedreceive:i mq_timedsend:i--i msgctl:ii msgget:ii msgrcv:i---i
msgsnd:i--i msync:--i name_to_handle_at:i---i newfstatat:i--i open:-is open_by_handle_at:i-i
open_tree:i-i open_tree_attr:i-i openat:i-is openat2:i perf_event_open:-iii personality:i
pidfd_getfd:iii pidfd_open:ii pidfd_send_signal:ii-i pipe2:-i pkey_free:i pkey_mprotect:---i
poll:-ii ppoll:-i prctl:i pread64:i preadv2:-----i prlimit64:ii process_madvise:i--ii
process_mrelease:ii process_vm_readv:i process_vm_writev:i pselect6:i pwrite64:i
pwritev2:-----i quotactl:i-i quotactl_fd:iii read:i readahead:i readlink:--i readlinkat:i--i
reboot:iii recvfrom:i--i recvmmsg:i-ii recvmsg:i-i removexattrat:i-i renameat:i-i
renameat2:i-i-i request_key:---i rseq:-i-i rt_sigaction:i rt_sigprocmask:i
rt_sigqueueinfo:ii rt_tgsigqueueinfo:iii sched_get_priority_max:i sched_get_priority_min:i
sched_getaffinity:ii sched_getattr:i-ii sched_getparam:i sched_getscheduler:i
sched_rr_get_interval:i sched_setaffinity:ii sched_setattr:i-i sched_setparam:i
sched_setscheduler:ii seccomp:ii select:i semctl:iii semget:iii semop:i-i semtimedop:i-i
sendfile:ii sendmmsg:i-ii sendmsg:i-i sendto:i--i-i set_mempolicy:i setdomainname:-i
setfsgid:i setfsuid:i setgid:i setgroups:i sethostname:-i setitimer:i setns:ii setpgid:ii
setpriority:iii setregid:ii setresgid:iii setresuid:iii setreuid:ii setrlimit:i
setsockopt:iii-i setuid:i setxattr:----i setxattrat:i-i shmat:i-i shmctl:ii shmget:i-i
shutdown:ii signalfd:i signalfd4:i--i socket:iii socketpair:iii splice:i-i--i statmount:---i
statx:i-ii swapon:-i symlinkat:-i sync_file_range:i--i syncfs:i sysfs:i syslog:i-i tee:ii-i
tgkill:iii timer_create:i timer_delete:i timer_getoverrun:i timer_gettime:i timer_settime:ii
timerfd_create:ii timerfd_gettime:i timerfd_settime:ii tkill:ii umask:i umount2:-i
unlinkat:i-i userfaultfd:i ustat:i utimensat:i--i vmsplice:i--i wait4:i-i waitid:ii-i
write:i`

const bitsOf: Readonly<Record<string, number>> = { i: 32, s: 16 }

const letters = new Map(
  table
    .trim()
    .split(/\s+/)
    .map((word) => {
      const [name = '', pattern = ''] = word.split(':')
      return [name, pattern] as const
    }),
)

/** Bits of argument `index` that reach the call, or undefined when all 64 do or nobody knows. */
export function argumentBits(call: string, index: number): number | undefined {
  return bitsOf[letters.get(call)?.[index] ?? '-']
}
