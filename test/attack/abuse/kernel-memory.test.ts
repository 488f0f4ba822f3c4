// Memory of the kernel on behalf of a job: pipes, sockets, watches, timers. Charged to it, or bounded in number.
import { abuse, c, mebibyte, python } from './abuse.js'

const limits = { memoryBytes: 32 * mebibyte, openFiles: 1024, wallMs: 20_000 }
const over = { outcome: 'memory-limit', limit: 'memoryBytes' } as const
/** Sixteen processes that each do it with as many descriptors as they may have, then wait for all. */
const sixteen = (body: string): string =>
  `static char page[65536]; for (int n = 0; n < 16; n++) if (fork() == 0) { ${body} pause(); } while (wait(NULL) > 0); return 0;`
const counted = (body: string): string =>
  `import os, select, ctypes\ncount = 0\nlibc = ctypes.CDLL(None, use_errno=True)\ntry:\n  while count < 100000:\n    ${body}\n    count += 1\nexcept OSError as error:\n  print(error.errno, end=" ")\nprint(count)`

abuse('kernel-memory', [
  {
    name: 'modest: a pipe and a socket, filled',
    spec: c(
      'static char page[4096]; int p[2], s[2]; if (pipe(p) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, s) < 0) return 1; return write(p[1], page, sizeof page) < 0 || write(s[0], page, sizeof page) < 0;',
      limits,
    ),
    outcome: 'ok',
  },
  {
    name: 'pipes, made large and filled',
    spec: c(
      sixteen(
        'for (;;) { int p[2]; if (pipe2(p, O_NONBLOCK) < 0) break; fcntl(p[1], F_SETPIPE_SZ, 1 << 20); while (write(p[1], page, sizeof page) > 0); }',
      ),
      limits,
    ),
    ...over,
  },
  {
    name: 'socket pairs, filled',
    spec: c(
      sixteen(
        'for (;;) { int s[2]; if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) < 0) break; while (write(s[0], page, 4096) > 0); while (write(s[1], page, 4096) > 0); }',
      ),
      limits,
    ),
    ...over,
  },
  {
    name: 'descriptors in flight over sockets',
    spec: c(
      sixteen(`for (;;) { int s[2]; if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s) < 0) break;
      union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int) * 64)]; } u; struct iovec v = {page, 1024}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = u.b, .msg_controllen = sizeof u.b};
      u.h.cmsg_level = SOL_SOCKET; u.h.cmsg_type = SCM_RIGHTS; u.h.cmsg_len = CMSG_LEN(sizeof(int) * 64); for (int k = 0; k < 64; k++) ((int *)CMSG_DATA(&u.h))[k] = s[1];
      while (sendmsg(s[0], &m, 0) > 0); }`),
      limits,
    ),
    outcome: ['memory-limit', 'wall-time-limit'],
  },
  {
    name: 'epoll instances are bounded by descriptors',
    spec: python(counted('globals().setdefault("kept", []).append(select.epoll())'), limits),
    outcome: 'ok',
    stdout: /^24 (9|10)\d\d/,
  },
  {
    name: 'inotify instances and watches',
    spec: python(
      `import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nos.mkdir('d')\nfor n in range(4000): os.mkdir('d/%d' % n)\ninstances = watches = 0\nwhile instances < 2000:\n  f = libc.inotify_init1(0)\n  if f < 0: break\n  instances += 1\n  for n in range(4000):\n    if libc.inotify_add_watch(f, b'd/%d' % n, 2) < 0: break\n    watches += 1\nprint(instances, watches)`,
      { ...limits, memoryBytes: 48 * mebibyte, cpuMs: 20_000 },
    ),
    outcome: ['ok', 'memory-limit'],
  },
  {
    name: 'timers are bounded by the signals that may be pending',
    spec: c(
      'long n = 0; timer_t timer; struct sigevent none = {.sigev_notify = SIGEV_NONE}; while (n < 10000000 && timer_create(CLOCK_MONOTONIC, &none, &timer) == 0) n++; printf("%ld timers\\n", n); return 0;',
      limits,
    ),
    outcome: ['ok', 'memory-limit'],
  },
  {
    name: 'real-time signals that nobody takes',
    spec: c(
      'sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL); long n = 0; union sigval value = {0}; while (n < 10000000 && sigqueue(getpid(), SIGRTMIN, value) == 0) n++; printf("%ld pending, %d\\n", n, errno == EAGAIN); return 0;',
      limits,
    ),
    outcome: 'ok',
    stdout: /^\d{1,6} pending, 1$/m,
  },
  {
    name: 'negative directory entries',
    spec: c(
      'char name[64]; struct stat s; for (int n = 0; n < 300000; n++) { sprintf(name, "/work/none-%d", n); stat(name, &s); } return 0;',
      limits,
    ),
    outcome: 'ok',
  },
])
