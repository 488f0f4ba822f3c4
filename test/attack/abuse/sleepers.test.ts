// Programs that do nothing for ever: the wall clock ends them, and says that it was the wall clock.
import { abuse, bash, c } from './abuse.js'

const limits = { wallMs: 600 }
const over = { outcome: 'wall-time-limit', limit: 'wallMs' } as const

abuse('sleepers', [
  { name: 'modest: a short sleep', spec: bash('sleep 0.05', { wallMs: 10_000 }), outcome: 'ok' },
  { name: 'sleeps', spec: bash('sleep 1000', limits), ...over },
  {
    name: 'fifty sleepers',
    spec: c(
      'for (int n = 0; n < 50; n++) if (fork() == 0) for (;;) pause(); for (;;) pause();',
      limits,
    ),
    ...over,
  },
  {
    name: 'reads a pipe that nobody writes',
    spec: c('int p[2]; char b; pipe(p); read(p[0], &b, 1); return 0;', limits),
    ...over,
  },
  {
    name: 'opens a fifo that nobody opens',
    spec: c('mkfifo("f", 0600); open("f", O_RDONLY); return 0;', limits),
    ...over,
  },
  {
    name: 'waits for a lock that its child holds',
    spec: c(
      'int p[2]; char b; pipe(p); if (fork() == 0) { int f = open("f", O_CREAT | O_RDWR, 0600); lockf(f, F_LOCK, 0); write(p[1], "", 1); pause(); } read(p[0], &b, 1); lockf(open("f", O_CREAT | O_RDWR, 0600), F_LOCK, 0); return 0;',
      limits,
    ),
    ...over,
  },
  {
    name: 'a child of vfork that never goes on',
    spec: c('if (vfork() == 0) for (;;) pause(); return 0;', limits),
    ...over,
  },
  {
    name: 'accepts on a socket that nobody knows',
    spec: c(
      'int s = socket(AF_UNIX, SOCK_STREAM, 0); struct sockaddr a = {.sa_family = AF_UNIX}; bind(s, &a, sizeof a.sa_family); listen(s, 1); accept(s, NULL, NULL); return 0;',
      limits,
    ),
    ...over,
  },
])
