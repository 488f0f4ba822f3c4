// What is hard to clean up: deep trees, directories without rights, renamed and held ones. Nothing outside walks them.
import { abuse, bash, c } from './abuse.js'

const deep = 'for (int n = 0; n < 4000; n++) if (mkdir("d", 0700) < 0 || chdir("d") < 0) return 3;'

abuse('left-trees', [
  { name: 'modest: ten levels', spec: bash('mkdir -p a/b/c/d/e/f/g/h/i/j'), outcome: 'ok' },
  {
    name: 'a tree of 4,000 levels',
    spec: c(`${deep} puts("made"); return 0;`),
    outcome: 'ok',
    stdout: /^made$/m,
  },
  {
    name: 'a tree of 4,000 levels in /tmp, as root inside, and a process deep in it',
    spec: {
      ...c(`chdir("/tmp"); ${deep} if (fork() == 0) pause(); return 0;`),
      user: { uid: 0, gid: 0 },
    },
    outcome: 'ok',
  },
  {
    name: 'directories of mode 000 with files in them',
    spec: bash(
      'for n in $(seq 200); do mkdir -p l$n/in && : > l$n/in/f && chmod 000 l$n/in l$n || exit 1; done',
    ),
    outcome: 'ok',
  },
  {
    name: 'the workspace itself without rights',
    spec: bash('chmod 000 /work; echo done'),
    outcome: 'ok',
  },
  {
    name: 'the workspace renamed and made a link, as root inside',
    spec: {
      ...bash('cd /; mv /work /elsewhere && ln -s /etc /work; chmod 000 /tmp; echo done'),
      user: { uid: 0, gid: 0 },
    },
    outcome: 'ok',
  },
  {
    name: 'directories that change while the job ends',
    spec: bash(
      'for n in $(seq 8); do (while :; do mkdir -p x$n/y/z; mv x$n w$n; rm -rf w$n; done) & done; sleep 0.3; exit 5',
    ),
    outcome: 'exit-nonzero',
    exitCode: 5,
  },
  {
    name: 'a whole root removed, as root inside',
    spec: {
      ...bash('rm -rf --one-file-system /usr /etc /var /lib /bin 2> /dev/null; echo gone'),
      user: { uid: 0, gid: 0 },
    },
    outcome: ['ok', 'disk-limit'],
  },
])
