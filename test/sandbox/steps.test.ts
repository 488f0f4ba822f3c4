// Several steps of one job: one workspace, one sandbox, each with its own program, limits and result.
import t from 'tap'
import type { Problem } from '../../contract/error.js'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { accountOf, openTenant } from '../stack.js'

const tenant = openTenant('sandbox-steps')

type Steps = NonNullable<JobSpec['steps']>
const run = (steps: Steps, more: Partial<JobSpec> = {}): Promise<Job> =>
  tenant.run({ image: 'default', limits: { wallMs: 5000, cpuMs: 5000 }, ...more, steps })
const outcomesOf = ({ steps }: Job): Record<string, string> =>
  Object.fromEntries(steps.map(({ name, outcome }) => [name, outcome]))

t.test(
  'steps share the workspace; each has its own environment, directory and result',
  async (t) => {
    const job = await run(
      [
        {
          name: 'write',
          run: 'mkdir sub\necho "$WHO" > sub/file\nreadlink /proc/self/ns/pid',
          env: { WHO: 'first' },
        },
        { name: 'read', command: ['cat', 'file'], workdir: '/work/sub' },
        {
          name: 'both',
          run: 'echo $WHO $JOB; cat sub/file; readlink /proc/self/ns/pid',
          env: { JOB: 'step' },
        },
      ],
      { env: { WHO: 'nobody', JOB: 'job' } },
    )
    t.equal(job.outcome, 'ok', accountOf(job))
    t.same(outcomesOf(job), { write: 'ok', read: 'ok', both: 'ok' })
    t.equal(job.steps[1]?.stdout, 'first\n')
    const sandbox = job.steps[0]?.stdout
    t.match(sandbox, /^pid:/)
    t.equal(job.stdout, `nobody step\nfirst\n${sandbox}`, 'the job’s own output is the last step’s')
  },
)

t.test(
  'the first failure is the job’s; `always` and `failure` are run, the rest is skipped',
  async (t) => {
    const job = await run([
      { name: 'allowed', run: 'exit 4', continueOnError: true },
      { name: 'fails', run: 'echo why >&2\nfalse\necho never' },
      { name: 'skipped', run: 'touch never' },
      { name: 'after', run: 'ls -A', if: 'failure' },
      { name: 'always', run: 'kill -9 $$', if: 'always' },
    ])
    t.match(job, {
      outcome: 'exit-nonzero',
      failedStep: 'fails',
      exitCode: 1,
      stderr: 'why\n',
      stdout: '',
    })
    t.same(outcomesOf(job), {
      allowed: 'exit-nonzero',
      fails: 'exit-nonzero',
      skipped: 'skipped',
      after: 'ok',
      always: 'signalled',
    })
    t.equal(job.steps[3]?.stdout, '', 'what was skipped has left nothing')
    t.match(job.steps[2], { exitCode: null, isolation: null, usage: { wallMs: 0 } })
    t.ok(job.receipt, 'what was run is signed')
  },
)

t.test('a step that reaches its own limit ends alone', async (t) => {
  const job = await run([
    { name: 'hangs', run: 'sleep 1000 & sleep 1000', limits: { wallMs: 300 } },
    {
      name: 'hungry',
      run: 'head -c 90000000 /dev/zero | tail',
      limits: { memoryBytes: 33_554_432 },
      if: 'always',
    },
    { name: 'talks', run: 'yes', limits: { outputBytes: 5000 }, if: 'always' },
    { name: 'looks', run: 'for f in /proc/[0-9]*/comm; do cat $f; done', if: 'always' },
  ])
  t.same(outcomesOf(job), {
    hangs: 'wall-time-limit',
    hungry: 'memory-limit',
    talks: 'output-limit',
    looks: 'ok',
  })
  t.match(job.cause, { limit: 'wallMs', limitValue: 300 })
  t.equal(job.failedStep, 'hangs')
  t.notMatch(job.steps[3]?.stdout, /sleep|yes/, 'nothing of them runs on')
})

t.test('events tell of each step, skipped ones included', async (t) => {
  const { id } = await tenant.submit({
    image: 'default',
    limits: { wallMs: 5000, cpuMs: 5000 },
    steps: [
      { name: 'one', run: 'false' },
      { name: 'two', run: 'true' },
      { name: 'three', run: 'true', if: 'always' },
    ],
  })
  const told: string[] = []
  for await (const { name, data } of tenant.events(id)) {
    if (name !== 'step') continue
    const { name: step, state, outcome } = data as { name: string; state: string; outcome: string }
    told.push(`${step} ${state} ${outcome}`)
  }
  t.same(told, [
    'one started null',
    'one ended exit-nonzero',
    'two ended skipped',
    'three started null',
    'three ended ok',
  ])
})

t.test('a cancel ends the running step and all that would follow', async (t) => {
  const { id } = await tenant.submit({
    image: 'default',
    limits: { wallMs: 20_000 },
    steps: [
      { name: 'long', run: 'echo here; sleep 1000' },
      { name: 'clean', run: 'echo never', if: 'always' },
    ],
  })
  for await (const { name } of tenant.events(id)) if (name === 'stdout') break
  await tenant.request('DELETE', `/v1/jobs/${id}`)
  const job = await tenant.finished(id)
  t.equal(job.outcome, 'cancelled', accountOf(job))
  t.same(outcomesOf(job), { long: 'cancelled', clean: 'skipped' })
})

t.test('faults lie where they are', async (t) => {
  const { status, json } = await tenant.request('POST', '/v1/jobs', {
    image: 'default',
    steps: [
      { name: 'a', run: 'x', limits: { wallMs: 1e9 } },
      { name: 'b', run: 'x', workdir: '/proc/1', env: { 'A=B': 'x' } },
    ],
  })
  t.equal(status, 403)
  const pointers = (json as Problem).violations?.map(({ pointer }) => pointer) ?? []
  t.same(
    ['/steps/0/limits/wallMs', '/steps/1/workdir', '/steps/1/env/A=B'].filter(
      (one) => !pointers.includes(one),
    ),
    [],
    pointers.join(' '),
  )
})
