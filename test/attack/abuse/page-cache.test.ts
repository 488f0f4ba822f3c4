// The page cache: reading and writing far more than the memory limit is no fault, since the kernel takes such pages back.
import { abuse, bash, mebibyte } from './abuse.js'

const limits = {
  memoryBytes: 64 * mebibyte,
  diskBytes: 16 * mebibyte,
  wallMs: 60_000,
  cpuMs: 60_000,
}

abuse('page-cache', [
  {
    name: 'modest: one program is read',
    spec: bash('cat /bin/bash > /dev/null', limits),
    outcome: 'ok',
  },
  {
    name: 'every file of the image is read, again and again',
    spec: bash(
      'for n in 1 2; do find /usr -xdev -type f -print0 | xargs -0 cat | wc -c; done',
      limits,
    ),
    outcome: 'ok',
    stdout: /^\d{9,}\n\d{9,}\n$/,
  },
  {
    name: 'a file is written over and over',
    spec: bash(
      'for n in $(seq 40); do head -c 8M /dev/zero > f || exit 1; done; echo done',
      limits,
    ),
    outcome: 'ok',
    stdout: /^done$/m,
  },
])
