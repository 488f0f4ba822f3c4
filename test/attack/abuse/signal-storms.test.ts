// Signals and timers in storms: work for the kernel, counted to the job as its processor time.
import { abuse, c } from './abuse.js'

const limits = { cpuMs: 500, wallMs: 6000 }
const times = { outcome: ['cpu-time-limit', 'wall-time-limit'] } as const
const handler = 'static void nothing(int n) { (void)n; }\n'

abuse('storms', [
  {
    name: 'modest: a thousand signals',
    spec: c(
      'signal(SIGUSR1, nothing); for (int n = 0; n < 1000; n++) raise(SIGUSR1); return 0;',
      limits,
      handler,
    ),
    outcome: 'ok',
  },
  {
    name: 'two processes that signal each other',
    spec: c(
      'signal(SIGUSR1, nothing); pid_t child = fork(); pid_t other = child == 0 ? getppid() : child; for (;;) kill(other, SIGUSR1);',
      limits,
      handler,
    ),
    ...times,
  },
  {
    name: 'real-time signals to every process of the job',
    spec: c(
      'signal(SIGRTMIN, nothing); for (int n = 0; n < 20; n++) if (fork() == 0) for (;;) pause(); for (;;) kill(0, SIGRTMIN);',
      limits,
      handler,
    ),
    ...times,
  },
  {
    name: 'an interval timer of a microsecond',
    spec: c(
      'signal(SIGALRM, nothing); struct itimerval t = {{0, 1}, {0, 1}}; setitimer(ITIMER_REAL, &t, NULL); for (;;) pause();',
      limits,
      handler,
    ),
    ...times,
  },
  {
    name: 'a hundred timers of a nanosecond',
    spec: c(
      'signal(SIGRTMIN, nothing); struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN}; struct itimerspec s = {{0, 1}, {0, 1}}; timer_t t; for (int n = 0; n < 100; n++) if (timer_create(CLOCK_MONOTONIC, &e, &t) == 0) timer_settime(t, 0, &s, NULL); for (;;) pause();',
      limits,
      handler,
    ),
    ...times,
  },
  {
    name: 'faults that are handled and come again',
    spec: c(
      'struct sigaction a = {.sa_handler = nothing}; sigaction(SIGSEGV, &a, NULL); *(volatile int *)8 = 1; return 0;',
      limits,
      handler,
    ),
    ...times,
  },
  {
    name: 'threads that wake each other',
    spec: c(
      'int p[2], q[2]; char b = 0; pipe(p); pipe(q); if (fork() == 0) for (;;) { read(p[0], &b, 1); write(q[1], &b, 1); } for (;;) { write(p[1], &b, 1); read(q[0], &b, 1); }',
      limits,
    ),
    ...times,
  },
])
