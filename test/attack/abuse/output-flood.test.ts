// Output without end, of any bytes: exactly outputBytes of it are kept, and the program is ended.
import t from 'tap'
import { accountOf, openTenant, outputOf } from '../../stack.js'
import { abuse, c, python } from './abuse.js'

const flood = { outcome: 'output-limit', limit: 'outputBytes' } as const
const limits = { outputBytes: 100_000 }

abuse('output', [
  {
    name: 'modest: up to the limit',
    spec: python('import os\nos.write(1, bytes(50000))\nos.write(2, bytes(50000))', limits),
    outcome: 'ok',
  },
  {
    name: 'NULs and no line end, on standard output',
    spec: c('static char page[65536]; while (write(1, page, sizeof page) > 0); return 0;', limits),
    ...flood,
  },
  {
    name: 'the same on standard error',
    spec: c('static char page[65536]; while (write(2, page, sizeof page) > 0); return 0;', limits),
    ...flood,
  },
  {
    name: 'on both in turn, a byte at a time',
    spec: c('while (write(1, "", 1) > 0 && write(2, "\\377", 1) > 0); return 0;', limits),
    ...flood,
  },
  {
    name: 'from many processes at once',
    spec: c(
      'static char page[65536]; for (int n = 0; n < 30; n++) if (fork() == 0) for (;;) write(1 + n % 2, page, sizeof page); for (;;) pause();',
      limits,
    ),
    ...flood,
  },
  {
    name: 'through the streams opened anew',
    spec: c(
      'static char page[65536]; signal(SIGPIPE, SIG_IGN); for (;;) { int f = open("/proc/self/fd/1", O_WRONLY); if (f < 0) return 3; write(f, page, sizeof page); close(f); }',
      limits,
    ),
    ...flood,
  },
  {
    name: 'by a child that is left behind, while the main program ends',
    spec: c(
      'static char page[65536]; if (fork() == 0) { usleep(50000); for (;;) write(1, page, sizeof page); } return 4;',
      limits,
    ),
    outcome: 'exit-nonzero',
    exitCode: 4,
  },
])

t.test('what is kept is the beginning, byte for byte', async (t) => {
  const job = await openTenant('abuse-output-bytes').run(
    python('import os\nn = 0\nwhile True:\n  os.write(1, b"%08x\\0\\xff" % n)\n  n += 1', limits),
  )
  t.equal(job.outcome, 'output-limit', accountOf(job).slice(0, 400))
  t.equal(job.truncated, true)
  const expected = Buffer.concat(
    Array.from({ length: 10_000 }, (_, n) =>
      Buffer.from(`${n.toString(16).padStart(8, '0')}\0\xff`, 'latin1'),
    ),
  )
  t.ok(outputOf(job).equals(expected), 'the first 100,000 bytes are as they were written')
  t.equal(job.encoding?.stdout, 'base64')
})
