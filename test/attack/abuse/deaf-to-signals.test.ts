// Programs that do not listen to signals, or are stopped: they are killed, which nobody can ignore.
import { abuse, bash, c } from './abuse.js'

const limits = { wallMs: 600 }
const over = { outcome: 'wall-time-limit', limit: 'wallMs' } as const

abuse('deaf', [
  {
    name: 'modest: ignores SIGTERM and ends by itself',
    spec: bash('trap "" TERM INT HUP; exit 3'),
    outcome: 'exit-nonzero',
    exitCode: 3,
  },
  {
    name: 'ignores every signal that can be ignored',
    spec: c('for (int n = 1; n < 65; n++) signal(n, SIG_IGN); for (;;) pause();', limits),
    ...over,
  },
  {
    name: 'blocks every signal',
    spec: c(
      'sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL); for (;;) pause();',
      limits,
    ),
    ...over,
  },
  {
    name: 'stops its children',
    spec: c(
      'for (int n = 0; n < 20; n++) { pid_t child = fork(); if (child == 0) for (;;) pause(); kill(child, SIGSTOP); } for (;;) pause();',
      limits,
    ),
    ...over,
  },
  {
    name: 'stops its children and ends',
    spec: c(
      'for (int n = 0; n < 20; n++) { pid_t child = fork(); if (child == 0) for (;;) pause(); kill(child, SIGSTOP); } return 7;',
      limits,
    ),
    outcome: 'exit-nonzero',
    exitCode: 7,
  },
  {
    name: 'stops itself, in a group of its own',
    spec: c('setpgid(0, 0); kill(0, SIGSTOP); return 0;', limits),
    ...over,
  },
  {
    name: 'children that wake each other when stopped',
    spec: c(
      'pid_t child = fork(); pid_t other = child == 0 ? getppid() : child; for (;;) { kill(other, SIGSTOP); kill(other, SIGCONT); usleep(1000); }',
      limits,
    ),
    ...over,
  },
  {
    name: 'kills all it may',
    spec: c(
      'for (int n = 0; n < 10; n++) if (fork() == 0) for (;;) pause(); kill(-1, SIGKILL); kill(1, SIGKILL); kill(1, SIGSTOP); kill(0, SIGUSR1); return 0;',
    ),
    outcome: 'signalled',
  },
  {
    name: 'kills all it may, as root inside',
    spec: {
      ...c(
        'for (int n = 0; n < 10; n++) if (fork() == 0) for (;;) pause(); kill(-1, SIGKILL); kill(1, SIGKILL); kill(1, SIGSTOP); kill(1, SIGTERM); return 5;',
      ),
      user: { uid: 0, gid: 0 },
    },
    outcome: 'exit-nonzero',
    exitCode: 5,
  },
])
