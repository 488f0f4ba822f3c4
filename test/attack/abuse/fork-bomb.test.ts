// Processes without end: bombs, zombies, chains that run ahead of whoever kills them.
import { abuse, bash, c } from './abuse.js'

const limits = { wallMs: 4000, cpuMs: 4000 }
const bomb = { outcome: 'process-limit', limit: 'processes' } as const

abuse('fork-bomb', [
  {
    name: 'modest: a few processes, waited for',
    spec: c(
      'for (int n = 0; n < 20; n++) if (fork() == 0) _exit(0); while (wait(NULL) > 0); return 0;',
    ),
    outcome: 'ok',
  },
  { name: 'forks for ever', spec: c('for (;;) fork();', limits), ...bomb },
  {
    name: 'forks for ever in a shell, each half in the background',
    spec: bash('bomb() { bomb | bomb & }; bomb; sleep 20', limits),
    ...bomb,
  },
  {
    name: 'children that end and are not waited for',
    spec: c(
      'for (;;) { pid_t child = fork(); if (child == 0) _exit(0); if (child < 0) return 9; }',
      limits,
    ),
    ...bomb,
  },
  {
    name: 'as root inside, which RLIMIT_NPROC would not bind',
    spec: { ...c('for (;;) fork();', limits), user: { uid: 0, gid: 0 } },
    ...bomb,
  },
  {
    name: 'a chain: each process leaves a child and ends, in a session of its own',
    spec: c(
      'if (fork() == 0) for (;;) { setsid(); if (fork() != 0) _exit(0); } usleep(200000); return 6;',
      limits,
    ),
    // Links that have ended and are not reaped yet count too: now and then the kernel refuses one.
    outcome: ['exit-nonzero', 'process-limit'],
    exitCode: 6,
  },
  {
    name: 'sixteen chains at once, while the main program waits',
    spec: c(
      'for (int n = 0; n < 16; n++) if (fork() == 0) for (;;) if (fork() != 0) _exit(0); sleep(60);',
      limits,
    ),
    outcome: ['wall-time-limit', 'cpu-time-limit', 'process-limit'],
  },
])
