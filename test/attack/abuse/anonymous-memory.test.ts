// Memory without a file: taken in every way that the kernel has, and always counted.
import { abuse, c, mebibyte } from './abuse.js'

const limits = { memoryBytes: 64 * mebibyte }
const over = { outcome: 'memory-limit', limit: 'memoryBytes' } as const
const touch =
  'static void touch(volatile char *p, size_t n) { for (size_t at = 0; at < n; at += 4096) p[at] = 1; }\n'

abuse('memory', [
  {
    name: 'modest: 32 MiB',
    spec: c('touch(malloc(32 << 20), 32 << 20); return 0;', limits, touch),
    outcome: 'ok',
  },
  {
    name: 'malloc without end',
    spec: c('for (;;) touch(malloc(1 << 20), 1 << 20);', limits, touch),
    ...over,
  },
  {
    name: 'one shared mapping, filled by children',
    spec: c(
      'char *p = mmap(NULL, 256 << 20, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0); for (int n = 0; n < 8; n++) if (fork() == 0) { touch(p + ((size_t)n << 25), 1 << 25); _exit(0); } while (wait(NULL) > 0); return 0;',
      limits,
      touch,
    ),
    ...over,
  },
  {
    name: 'sixteen processes that take 8 MiB each',
    spec: c(
      'for (int n = 0; n < 16; n++) if (fork() == 0) { touch(malloc(8 << 20), 8 << 20); pause(); } for (;;) pause();',
      limits,
      touch,
    ),
    ...over,
  },
  {
    name: 'copies of what was shared until it was written',
    spec: c(
      'char *p = malloc(24 << 20); touch(p, 24 << 20); for (int n = 0; n < 4; n++) if (fork() == 0) { touch(p, 24 << 20); pause(); } for (;;) pause();',
      limits,
      touch,
    ),
    ...over,
  },
  {
    name: 'the break, page by page',
    spec: c(
      'for (;;) { char *p = sbrk(65536); if (p == (void *)-1) return 3; touch(p, 65536); }',
      limits,
      touch,
    ),
    ...over,
  },
  {
    name: 'page tables: a page in each 2 MiB of an enormous mapping',
    spec: c(
      'char *p = mmap(NULL, 1UL << 42, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0); if (p == MAP_FAILED) return 3; for (size_t at = 0; at < 1UL << 42; at += 2 << 20) p[at] = 1; return 0;',
      limits,
    ),
    ...over,
  },
  {
    name: 'an enormous mapping that nobody touches costs nothing',
    spec: c(
      'return mmap(NULL, 1UL << 42, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED;',
      limits,
    ),
    outcome: 'ok',
  },
  {
    name: 'recursion without end meets the stack’s own limit',
    spec: c(
      'return deep(words[0]) != 0;',
      limits,
      'static int deep(char *p) { volatile char page[4096]; page[0] = *p; return deep((char *)page) + page[0]; }\n',
    ),
    outcome: 'signalled',
  },
])
