// Processes that mean to outlive their job: daemons, holders of its streams. The end of the main program is the end of all.
import { abuse, c } from './abuse.js'

const ends = (code: number) => ({ outcome: 'exit-nonzero', exitCode: code }) as const
const limits = { wallMs: 10_000 }

abuse('left-behind', [
  {
    name: 'modest: a child that is waited for',
    spec: c('if (fork() == 0) _exit(0); wait(NULL); puts("done"); return 3;', limits),
    ...ends(3),
    stdout: /^done$/m,
  },
  {
    name: 'a daemon: forked twice, a session of its own, streams closed',
    spec: c(
      'if (fork() == 0) { setsid(); if (fork() == 0) { close(0); close(1); close(2); chdir("/"); for (;;) pause(); } _exit(0); } wait(NULL); puts("left"); return 3;',
      limits,
    ),
    ...ends(3),
    stdout: /^left$/m,
  },
  {
    name: 'fifty daemons under other names',
    spec: c(
      'for (int n = 0; n < 50; n++) if (fork() == 0) { setsid(); prctl(PR_SET_NAME, "launcher"); close(0); close(1); close(2); for (;;) pause(); } return 4;',
      limits,
    ),
    ...ends(4),
  },
  {
    name: 'a child that holds the streams open and says nothing',
    spec: c('if (fork() == 0) for (;;) pause(); puts("before"); return 5;', limits),
    ...ends(5),
    stdout: /^before$/m,
  },
  {
    name: 'a child that holds copies of the streams under many numbers',
    spec: c(
      'if (fork() == 0) { for (int n = 10; n < 200; n++) dup2(1 + n % 2, n); for (;;) pause(); } return 6;',
      limits,
    ),
    ...ends(6),
  },
  {
    name: 'a stream passed over a socket to a child',
    spec: c(
      'int s[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, s); union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } u; char x = 0; struct iovec v = {&x, 1}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = u.b, .msg_controllen = sizeof u.b}; u.h.cmsg_level = SOL_SOCKET; u.h.cmsg_type = SCM_RIGHTS; u.h.cmsg_len = CMSG_LEN(sizeof(int)); *(int *)CMSG_DATA(&u.h) = 1; sendmsg(s[0], &m, 0); if (fork() == 0) { close(0); close(1); close(2); for (;;) pause(); } return 7;',
      limits,
    ),
    ...ends(7),
  },
  {
    name: 'children that ask for the death of nobody and ignore that of their parent',
    spec: c(
      'for (int n = 0; n < 20; n++) if (fork() == 0) { prctl(PR_SET_PDEATHSIG, 0); signal(SIGHUP, SIG_IGN); prctl(PR_SET_CHILD_SUBREAPER, 1); if (fork() == 0) for (;;) pause(); for (;;) pause(); } return 8;',
      limits,
    ),
    ...ends(8),
  },
])
