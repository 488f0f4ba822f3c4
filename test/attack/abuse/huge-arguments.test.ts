// Arguments and environment: bounded where a job is asked for, and inside by what the kernel takes.
import t from 'tap'
import { accountOf, openTenant } from '../../stack.js'
import { abuse, bash, c } from './abuse.js'

const limits = { cpuMs: 500, wallMs: 6000 }

abuse('arguments', [
  {
    name: 'modest: a hundred arguments and variables',
    spec: {
      ...bash('echo $#; env | grep -c ^V'),
      arguments: Array.from({ length: 100 }, (_, n) => `a${n}`),
      env: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`V${n}`, 'x'])),
    },
    outcome: 'ok',
    stdout: /^100\n100$/m,
  },
  {
    name: 'executes itself for ever',
    spec: c('execv("/proc/self/exe", words); return 3;', limits),
    outcome: ['cpu-time-limit', 'wall-time-limit'],
  },
  {
    name: 'executes itself with twice as much each time',
    spec: bash('exec /bin/bash "$0" "$@" "$@" x', { wallMs: 20_000 }),
    outcome: ['exit-nonzero', 'memory-limit', 'process-limit', 'disk-limit'],
  },
  {
    name: 'a string of 128 KiB and one more',
    spec: c(
      'static char big[131073]; memset(big, 97, 131072); char *v[] = {"/bin/true", big, NULL}; execv(v[0], v); return errno == E2BIG ? 7 : 8;',
      limits,
    ),
    outcome: 'exit-nonzero',
    exitCode: 7,
  },
  {
    name: 'more than the kernel takes in all',
    spec: c(
      'static char big[100000]; static char *v[400]; memset(big, 97, sizeof big - 1); v[0] = "/bin/true"; for (int n = 1; n < 399; n++) v[n] = big; execv(v[0], v); return errno == E2BIG ? 7 : 8;',
      limits,
    ),
    outcome: 'exit-nonzero',
    exitCode: 7,
  },
])

t.test('what no execve would take is refused before it is queued', async (t) => {
  const tenant = openTenant('abuse-arguments-api')
  const big = 'x'.repeat(131_073)
  const many = Array.from({ length: 1024 }, () => 'x'.repeat(131_000))
  const bodies = {
    'an argument beyond 128 KiB': { language: 'bash', source: 'true', arguments: [big] },
    'a variable beyond 128 KiB': { language: 'bash', source: 'true', env: { A: big } },
    '134 MB of arguments': { language: 'bash', source: 'true', arguments: many },
    '32 MB of arguments': { language: 'bash', source: 'true', arguments: many.slice(0, 250) },
    '32 MB of environment': {
      language: 'bash',
      source: 'true',
      env: Object.fromEntries(many.slice(0, 250).map((value, n) => [`V${n}`, value])),
    },
    'a thousand and one variables': {
      language: 'bash',
      source: 'true',
      env: Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`V${n}`, 'x'])),
    },
  }
  for (const [name, body] of Object.entries(bodies)) {
    const answer = await tenant.request('POST', '/v1/jobs', body)
    t.ok([400, 403, 413].includes(answer.status), `${name}: ${answer.status}`)
  }
  const job = await tenant.run({
    language: 'bash',
    source: 'printf %s "$1" | wc -c',
    arguments: ['x'.repeat(100_000)],
  })
  t.equal(
    job.stdout,
    '100000\n',
    `control: a long argument within the bounds arrives; ${accountOf(job).slice(0, 300)}`,
  )
})
