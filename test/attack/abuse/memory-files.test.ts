// Files that are memory: the workspace, /tmp, /dev/shm, memfd. Full before they cost more than the job may use, or the job’s end.
import { abuse, bash, c, mebibyte } from './abuse.js'

const fill = (directory: string): string =>
  `for n in $(seq 12); do head -c 20000000 /dev/zero > ${directory}/f$n || exit 1; done`
const small = { memoryBytes: 64 * mebibyte, diskBytes: 32 * mebibyte, fileBytes: 32 * mebibyte }

abuse('memory-files', [
  {
    name: 'modest: 8 MiB in each',
    spec: bash(
      'for d in /work /tmp /dev/shm; do head -c 8M /dev/zero > $d/f || exit 1; done',
      small,
    ),
    outcome: 'ok',
  },
  {
    name: 'the workspace is filled',
    spec: bash(fill('/work'), small),
    outcome: 'disk-limit',
    limit: 'diskBytes',
  },
  {
    name: '/tmp is filled',
    spec: bash(fill('/tmp'), small),
    outcome: 'disk-limit',
    limit: 'diskBytes',
  },
  {
    name: '/dev/shm is filled',
    spec: bash(fill('/dev/shm'), small),
    outcome: ['disk-limit', 'exit-nonzero'],
  },
  {
    name: 'two of them, each less than the limit, which is one for both',
    spec: bash('for d in /work /dev/shm; do head -c 20M /dev/zero > $d/f || exit 1; done', small),
    outcome: 'disk-limit',
    limit: 'diskBytes',
  },
  {
    name: 'memfd after memfd',
    spec: c(
      'static char page[1 << 20]; for (;;) { int f = memfd_create("x", 0); if (f < 0) return 3; for (int n = 0; n < 16; n++) if (write(f, page, sizeof page) < 0) return 4; }',
      small,
    ),
    outcome: 'memory-limit',
    limit: 'memoryBytes',
  },
  {
    name: 'files without a name, held open',
    spec: c(
      'static char page[1 << 20]; for (;;) { int f = open("/tmp", O_TMPFILE | O_RDWR, 0600); if (f < 0) return 3; for (int n = 0; n < 4; n++) if (write(f, page, sizeof page) < 0) return 4; }',
      small,
    ),
    // Gone with the program, so that at the end the disk is not full any more: then it is told as what the program made of it.
    outcome: ['disk-limit', 'exit-nonzero'],
  },
  {
    name: 'a removed file that is still mapped',
    spec: c(
      'int f = open("/dev/shm/f", O_CREAT | O_RDWR, 0600); unlink("/dev/shm/f"); if (ftruncate(f, 31 << 20) < 0) return 3; char *p = mmap(NULL, 31 << 20, 3, MAP_SHARED, f, 0); for (size_t at = 0; at < 31 << 20; at += 4096) p[at] = 1; for (;;) { char *q = malloc(1 << 20); memset(q, 1, 1 << 20); }',
      small,
    ),
    outcome: 'memory-limit',
    limit: 'memoryBytes',
  },
])
