// Standard input that the program does not read: it waits for nobody, and nobody waits for it.
import { abuse, c, mebibyte } from './abuse.js'

const input = { stdin: 'x'.repeat(4 * mebibyte) }

abuse('input', [
  {
    name: 'modest: all of it is read',
    spec: {
      ...c(
        'char b[65536]; long n, all = 0; while ((n = read(0, b, sizeof b)) > 0) all += n; printf("%ld\\n", all); return 0;',
      ),
      ...input,
    },
    outcome: 'ok',
    stdout: /^4194304$/m,
  },
  {
    name: 'never reads and ends',
    spec: { ...c('return 4;'), ...input },
    outcome: 'exit-nonzero',
    exitCode: 4,
  },
  {
    name: 'never reads and sleeps',
    spec: { ...c('for (;;) pause();', { wallMs: 600 }), ...input },
    outcome: 'wall-time-limit',
    limit: 'wallMs',
  },
  {
    name: 'closes it and goes on',
    spec: { ...c('close(0); usleep(100000); return 5;'), ...input },
    outcome: 'exit-nonzero',
    exitCode: 5,
  },
  {
    name: 'reads one byte at a time until its time is up',
    spec: { ...c('char b; for (;;) read(0, &b, 1);', { cpuMs: 500 }), ...input },
    outcome: 'cpu-time-limit',
    limit: 'cpuMs',
  },
  {
    name: 'makes the pipe small and writes into its own input',
    spec: {
      ...c(
        'fcntl(0, F_SETPIPE_SZ, 4096); int f = open("/proc/self/fd/0", O_WRONLY | O_NONBLOCK); for (int n = 0; n < 100; n++) write(f, "y", 1); return 6;',
      ),
      ...input,
    },
    outcome: 'exit-nonzero',
    exitCode: 6,
  },
  {
    name: 'there is none, and it waits for more than the end',
    spec: c('char b; while (read(0, &b, 1) == 0) usleep(1000);', { wallMs: 600 }),
    outcome: 'wall-time-limit',
    limit: 'wallMs',
  },
])
