// Processor time: of all threads and processes together, whatever they do to hide it.
import { abuse, c } from './abuse.js'

const limits = { cpuMs: 500, wallMs: 20_000 }
const over = { outcome: 'cpu-time-limit', limit: 'cpuMs' } as const
const spin = 'static void *spin(void *x) { for (volatile unsigned long n = 0;; n++); return x; }\n'

abuse('cpu', [
  {
    name: 'modest: some work',
    spec: c('for (volatile long n = 0; n < 1000000; n++); return 0;', limits),
    outcome: 'ok',
  },
  {
    name: 'eight threads that spin',
    spec: c(
      'pthread_t t; for (int n = 0; n < 7; n++) pthread_create(&t, NULL, spin, NULL); spin(NULL); return 0;',
      { ...limits, cpus: 2 },
      spin,
    ),
    ...over,
  },
  {
    name: 'children that spin while the main program sleeps',
    spec: c(
      'for (int n = 0; n < 8; n++) if (fork() == 0) spin(NULL); sleep(60); return 0;',
      limits,
      spin,
    ),
    ...over,
  },
  {
    name: 'short-lived children, each below any limit of its own',
    spec: c(
      'for (;;) { if (fork() == 0) { for (volatile long n = 0; n < 2000000; n++); _exit(0); } wait(NULL); }',
      limits,
    ),
    ...over,
  },
  {
    name: 'yields before each tick could find it',
    spec: c(
      'for (;;) { for (volatile long n = 0; n < 20000; n++); struct timespec t = {0, 1}; nanosleep(&t, NULL); }',
      { cpuMs: 300, wallMs: 20_000 },
    ),
    outcome: ['cpu-time-limit', 'wall-time-limit'],
  },
  {
    name: 'all in the kernel',
    spec: c(
      'char *p = malloc(1 << 20); int f = open("/dev/urandom", O_RDONLY); for (;;) read(f, p, 1 << 20);',
      limits,
    ),
    ...over,
  },
  {
    name: 'raises its own limits and nice value first',
    spec: c(
      'struct { unsigned long soft, hard; } all = {~0UL, ~0UL}; prctl(PR_SET_TIMERSLACK, 1); (void)all; nice(-20); for (;;);',
      limits,
    ),
    ...over,
  },
])
