// Output byte for byte, in order, up to the limit exactly; input and files the same.
import { createHash } from 'node:crypto'
import t from 'tap'
import { accountOf, openTenant, outputOf } from '../stack.js'

const tenant = openTenant('sandbox-output')
const allBytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
const python = (source: string) => ({ language: 'python', source })

t.test('all 256 byte values come back as base64', async (t) => {
  const job = await tenant.run(
    python('import os\nos.write(1, bytes(range(256)))\nos.write(2, bytes(range(255, -1, -1)))'),
  )
  t.same(job.encoding, { stdout: 'base64', stderr: 'base64' }, accountOf(job))
  t.ok(outputOf(job).equals(allBytes))
  t.ok(outputOf(job, 'stderr').equals(Buffer.from(allBytes).reverse()))
})

const texts: Readonly<Record<string, [string, 'utf8' | 'base64']>> = {
  'text with NUL': ['610062', 'utf8'],
  'text of many languages': [
    Buffer.from('日本語 ü \u{1f600} \ufffd \ufeff').toString('hex'),
    'utf8',
  ],
  'a byte order mark first': ['efbbbf61', 'utf8'],
  'a lone continuation byte': ['61806a', 'base64'],
  'an overlong slash': ['c0af', 'base64'],
  'a surrogate in UTF-8': ['eda080', 'base64'],
  'a character cut in half at the end': ['61e282', 'base64'],
  'no last line end': ['61', 'utf8'],
  'carriage returns': ['0d0a0d0a', 'utf8'],
  nothing: ['', 'utf8'],
}

for (const [name, [hex, encoding]] of Object.entries(texts)) {
  t.test(name, async (t) => {
    const job = await tenant.run(python(`import os\nos.write(1, bytes.fromhex("${hex}"))`))
    t.equal(job.encoding?.stdout, encoding, accountOf(job))
    t.equal(outputOf(job).toString('hex'), hex)
  })
}

const writes = (bytes: number): string =>
  `import os, sys\nleft = ${bytes}\nwhile left: left -= os.write(1, b"x" * min(left, 4096))`

t.test('exactly the limit is not beyond it', async (t) => {
  const job = await tenant.run({ ...python(writes(10_000)), limits: { outputBytes: 10_000 } })
  t.equal(job.outcome, 'ok', accountOf(job))
  t.equal(outputOf(job).length, 10_000)
  t.equal(job.truncated, false)
})

t.test('one byte more is, and the bytes up to the limit are kept', async (t) => {
  const job = await tenant.run({ ...python(writes(10_001)), limits: { outputBytes: 10_000 } })
  t.equal(job.outcome, 'output-limit', accountOf(job))
  t.equal(outputOf(job).length, 10_000)
  t.equal(job.truncated, true)
  t.equal(job.cause?.limit, 'outputBytes')
})

t.test('both streams count together', async (t) => {
  const source = 'import os\nos.write(1, b"a" * 600)\nos.write(2, b"b" * 600)'
  const job = await tenant.run({ ...python(source), limits: { outputBytes: 1000 } })
  t.equal(job.outcome, 'output-limit', accountOf(job))
  t.equal(outputOf(job).length + outputOf(job, 'stderr').length, 1000)
})

t.test('a mebibyte keeps its order', async (t) => {
  const source = 'import sys\nfor n in range(100000): sys.stdout.write("%09d\\n" % n)'
  const job = await tenant.run({ ...python(source), limits: { outputBytes: 2_000_000 } })
  const expected = Array.from(
    { length: 100_000 },
    (_, n) => `${String(n).padStart(9, '0')}\n`,
  ).join('')
  t.ok(outputOf(job).toString() === expected, accountOf(job).slice(0, 300))
})

t.test('standard input arrives whole, whatever its bytes', async (t) => {
  const bytes = Buffer.concat(Array.from({ length: 12_000 }, () => allBytes))
  const job = await tenant.run({
    language: 'bash',
    source: 'sha256sum; wc -c',
    stdinBase64: bytes.toString('base64'),
  })
  t.match(
    outputOf(job).toString(),
    createHash('sha256').update(bytes).digest('hex'),
    accountOf(job),
  )
  const echoed = await tenant.run({
    language: 'bash',
    source: 'cat',
    stdinBase64: allBytes.toString('base64'),
  })
  t.ok(outputOf(echoed).equals(allBytes))
})

t.test('the streams can be opened anew by their names in /dev', async (t) => {
  for (const uid of [1000, 0]) {
    const job = await tenant.run({
      language: 'bash',
      source:
        'cat /dev/stdin > /dev/stdout && echo told > /dev/stderr && cat /proc/self/fd/0 | wc -c',
      stdin: 'asked\n',
      user: { uid, gid: uid },
    })
    t.equal(job.stdout, 'asked\n0\n', `uid ${uid}: ${accountOf(job)}`)
    t.equal(job.stderr, 'told\n')
  }
  const none = await tenant.run({ language: 'bash', source: 'cat /dev/stdin | wc -c' })
  t.equal(none.stdout, '0\n', `without input: ${accountOf(none)}`)
})

t.test('no standard input is an end of file at once', async (t) => {
  const job = await tenant.run({ language: 'bash', source: 'wc -c' })
  t.equal(job.stdout, '0\n', accountOf(job))
})

t.test('a program that does not read its input ends all the same', async (t) => {
  const job = await tenant.run({
    language: 'bash',
    source: 'exec 0<&-; exit 4',
    stdin: 'x'.repeat(1_000_000),
  })
  t.equal(job.exitCode, 4, accountOf(job))
})

t.test('files arrive with bytes, modes and directories', async (t) => {
  const job = await tenant.run({
    language: 'bash',
    source:
      'sha256sum < deep/er/bytes; ./run.sh; stat -c %a run.sh deep/er/bytes; cat empty; cat "a b"',
    files: [
      { path: 'deep/er/bytes', contentBase64: allBytes.toString('base64'), mode: 0o600 },
      { path: 'run.sh', content: '#!/bin/bash\necho ran', mode: 0o755 },
      { path: 'empty', content: '' },
      { path: 'a b', content: 'ü' },
    ],
  })
  const digest = createHash('sha256').update(allBytes).digest('hex')
  t.equal(job.stdout, `${digest}  -\nran\n755\n600\nü`, accountOf(job))
})

t.test('the environment is built from nothing', async (t) => {
  const job = await tenant.run({
    image: 'default',
    command: ['/usr/bin/env'],
    env: { MINE: 'a=b ü', EMPTY: '' },
  })
  const lines = outputOf(job).toString().trimEnd().split('\n').sort()
  t.same(lines, [
    'EMPTY=',
    'HOME=/work',
    'LANG=C.UTF-8',
    'MINE=a=b ü',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ])
})

t.test('a program starts where it is told to', async (t) => {
  for (const [language, source] of [
    ['bash', 'pwd'],
    ['python', 'import os; print(os.getcwd())'],
    [
      'c',
      '#include <stdio.h>\n#include <unistd.h>\nint main(void) { char p[99]; puts(getcwd(p, 99)); }',
    ],
  ] as const) {
    const job = await tenant.run({ language, source, workdir: '/tmp' })
    t.equal(job.stdout, '/tmp\n', `${language}: ${accountOf(job)}`)
  }
})

t.test('a program starts in a directory that only its files make, each time', async (t) => {
  // Files are placed while the program's process is made ready: it must not be there first. Many at once, so that it would be.
  const jobs = Array.from({ length: 40 }, (_, number) =>
    tenant.run({
      image: 'default',
      command: ['/bin/sh', '-c', 'pwd; cat file'],
      files: [{ path: 'deep/place/file', content: String(number) }],
      workdir: '/work/deep/place',
    }),
  )
  for (const [number, job] of (await Promise.all(jobs)).entries()) {
    t.equal(job.stdout, `/work/deep/place\n${number}`, accountOf(job))
    t.equal(job.attempts, 1, 'at the first attempt')
  }
})

t.test('arguments arrive as they are: no shell is between', async (t) => {
  const words = ['', ' ', '$(id)', '`id`', '"', "'", '*', '-n', 'a\nb', 'ü', '\\']
  const job = await tenant.run({
    ...python('import sys, json\nprint(json.dumps(sys.argv[1:]))'),
    arguments: words,
  })
  t.same(JSON.parse(outputOf(job).toString() || 'null'), words, accountOf(job))
})

t.test('who the program is', async (t) => {
  const plain = await tenant.run({
    language: 'bash',
    source: 'id -u; id -g; id -G; hostname 2> /dev/null || cat /etc/hostname',
  })
  t.match(plain.stdout, /^1000\n1000\n1000\n/, accountOf(plain))
  const root = await tenant.run({
    language: 'bash',
    source: 'id -u; touch /etc/mine && rm /etc/hostname; echo $?',
    user: { uid: 0, gid: 0 },
  })
  t.match(root.stdout, /^0\n/, 'root inside, and of nothing outside')
})
