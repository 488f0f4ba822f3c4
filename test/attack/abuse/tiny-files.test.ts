// Files in number: names cost inodes and memory, whatever they hold.
import { abuse, bash, c } from './abuse.js'

const full = { outcome: 'disk-limit', limit: 'diskBytes' } as const
/** Makes names until refused. */
const names = (make: string): string =>
  `char name[512]; for (int n = 0; n < 100000; n++) { sprintf(name, "%d", n); if (${make} < 0) { perror(name); return 3; } } return 0;`

abuse('tiny-files', [
  {
    name: 'modest: a thousand files',
    spec: bash('for n in $(seq 1000); do : > f$n || exit 1; done'),
    outcome: 'ok',
  },
  { name: 'empty files', spec: c(names('mknod(name, S_IFREG | 0600, 0)')), outcome: 'disk-limit' },
  { name: 'directories', spec: c(names('mkdir(name, 0700)')), outcome: 'disk-limit' },
  { name: 'symbolic links', spec: c(names('symlink("/", name)')), outcome: 'disk-limit' },
  { name: 'fifos', spec: c(names('mkfifo(name, 0600)')), outcome: 'disk-limit' },
  {
    name: 'hard links to one file',
    spec: c(`mknod("one", S_IFREG | 0600, 0); ${names('link("one", name)')}`),
    outcome: 'disk-limit',
  },
  {
    name: 'names of 255 bytes, in /tmp, as root inside',
    spec: {
      ...c(
        'char name[300]; chdir("/tmp"); for (int n = 0; n < 100000; n++) { memset(name, 97, 255); sprintf(name, "%06d", n); name[6] = 97; name[255] = 0; if (mknod(name, S_IFREG | 0600, 0) < 0) return 3; } return 0;',
      ),
      user: { uid: 0, gid: 0 },
    },
    outcome: 'disk-limit',
  },
  {
    name: 'files of one byte, a page each',
    spec: c(
      'char name[64]; for (int n = 0; n < 16000; n++) { sprintf(name, "%d", n); int f = open(name, O_CREAT | O_WRONLY, 0600); if (f < 0 || write(f, "x", 1) != 1) return 3; close(f); } return 0;',
      { diskBytes: 16_777_216 },
    ),
    ...full,
  },
])
