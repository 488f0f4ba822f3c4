// Sizes without content: what is said is bounded by fileBytes, what is counted is what is taken. The kernel's SIGXFSZ for a hole looks like
// one that the program sent to itself, so it is told as a signal, with the limit in words.
import { abuse, bash, c, mebibyte } from './abuse.js'

abuse('sparse-files', [
  {
    name: 'modest: a hole below the limit',
    spec: bash('truncate -s 60M hole && [ "$(stat -c %b hole)" = 0 ]'),
    outcome: 'ok',
  },
  {
    name: 'a file of 8 EiB less one',
    spec: c(
      'int f = open("f", O_CREAT | O_RDWR, 0600); return ftruncate(f, 0x7fffffffffffffff) == 0 ? 0 : 3;',
    ),
    outcome: 'signalled',
  },
  {
    name: 'a write beyond the limit, after a hole',
    spec: c(
      'int f = open("f", O_CREAT | O_RDWR, 0600); return pwrite(f, "x", 1, 1L << 40) == 1 ? 0 : 3;',
    ),
    outcome: 'signalled',
  },
  {
    name: 'room reserved beyond the disk',
    spec: c(
      'int f = open("f", O_CREAT | O_RDWR, 0600); return posix_fallocate(f, 0, 60 << 20) == 0 ? 0 : 3;',
      { diskBytes: 16 * mebibyte },
    ),
    outcome: ['disk-limit', 'exit-nonzero', 'signalled'],
  },
  {
    name: 'a thousand holes take no space',
    spec: bash('for n in $(seq 1000); do truncate -s 60M s$n || exit 1; done; du -s . | cut -f 1'),
    outcome: 'ok',
    stdout: /^\d{1,3}$/m,
  },
  {
    name: 'a hole that is read costs nothing but time',
    spec: bash('truncate -s 24M hole; cat hole hole hole hole hole hole hole hole | wc -c', {
      memoryBytes: 32 * mebibyte,
    }),
    outcome: 'ok',
    stdout: /^201326592$/m,
  },
])
