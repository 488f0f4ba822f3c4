// Endings of all kinds at random, many at once: each result says exactly what its kind must give. 140 jobs here, 1,000 in test:full.
import t from 'tap'
import type { Job } from '../../contract/result.js'
import { accountOf, outputOf, type Tenant } from '../stack.js'
import { type Dice, type Ending, type Expected, type Kind, kinds } from './end-kinds.js'
import { openOperator } from './operator.js'
import { compiled } from './program.js'

const jobs = process.env.STOCKADE_TEST_FULL === '1' ? 1000 : 140
const inFlight = 8
const seed = Number(process.env.STOCKADE_TEST_SEED ?? Date.now() % 2 ** 32)

/** Mulberry32: the same seed gives the same jobs in the same order. */
function diceOf(seed: number): Dice {
  let state = seed >>> 0
  return (least, most) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    return least + Math.floor(fraction * (most - least + 1))
  }
}

/** Every kind as often as every other, in an order that nobody chose. */
function shuffled(dice: Dice): Kind[] {
  const order = Array.from({ length: jobs }, (_, number) => kinds[number % kinds.length] as Kind)
  for (let last = order.length - 1; last > 0; last--) {
    const other = dice(0, last)
    const [one, two] = [order[last], order[other]]
    if (one !== undefined && two !== undefined) [order[last], order[other]] = [two, one]
  }
  return order
}

/** What a result says, in the words of what it must say. */
function said(job: Job, expected: Expected): Expected {
  const { cause } = job
  const present = {
    outcome: job.outcome ?? undefined,
    exitCode: job.exitCode ?? undefined,
    signal: job.signal ?? undefined,
    stdoutBytes: expected.stdoutBytes === undefined ? undefined : outputOf(job).length,
    limit: cause?.limit,
    limitValue: cause?.limitValue,
    causeSignal: cause?.signal,
    syscall: cause?.syscall,
    errno: cause?.errno,
  }
  return JSON.parse(JSON.stringify(present)) as Expected
}

/** What more there is to say against a result. */
function objections(job: Job): string[] {
  const { cause, outcome } = job
  const found: string[] = []
  if (job.attempts !== 1) found.push(`${job.attempts} attempts`)
  if ((outcome === 'ok') !== (cause === undefined || cause === null)) found.push('cause')
  if (cause?.limitValue !== undefined) {
    // Of memory the peak is told, less what the kernel had charged ahead.
    const least = cause.limitValue * (cause.limit === 'memoryBytes' ? 0.98 : 1)
    if (!((cause.reached ?? -1) >= least))
      found.push(`reached ${cause.reached} of ${cause.limitValue}`)
    if (!((cause.atMs ?? 0) > 0)) found.push(`at ${cause.atMs} ms`)
  }
  return found
}

async function cancelled(tenant: Tenant, spec: Ending['spec']): Promise<Job> {
  const { id } = await tenant.submit(spec)
  for await (const event of tenant.events(id)) if (event.name === 'stdout') break
  await tenant.request('DELETE', `/v1/jobs/${id}`)
  return tenant.finished(id)
}

const operator = openOperator('mixed')
t.teardown(() => operator.close())
operator.profile('deadly', {
  extends: 'default',
  remove: ['ptrace'],
  syscalls: [{ names: ['ptrace'], action: 'SCMP_ACT_KILL_PROCESS' }],
})
operator.grant({ seccompProfiles: ['default', 'deadly', 'build'] })

t.test(`${jobs} mixed endings are told apart, each one`, async (t) => {
  t.comment(`seed ${seed}: STOCKADE_TEST_SEED=${seed} makes the same jobs`)
  const tenant = await operator.tenant('deadly')
  const files = [{ path: 'program', contentBase64: compiled('sandbox/end.c'), mode: 0o755 }]
  const dice = diceOf(seed)
  const waiting = shuffled(dice).map((kind) => ({ kind, ending: kind.roll(dice) }))
  const counted = new Map<string, number>()
  const runNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { kind, ending } = next
      const spec = ending.spec.command === undefined ? ending.spec : { ...ending.spec, files }
      const job = await (ending.cancel === true ? cancelled(tenant, spec) : tenant.run(spec))
      const call = `${kind.name}: ${ending.spec.command?.slice(1).join(' ') ?? ending.spec.language}`
      t.same(
        said(job, ending.expected),
        ending.expected,
        `${call}; ${accountOf(job).slice(0, 600)}`,
      )
      t.same(objections(job), [], call)
      counted.set(job.outcome ?? 'none', (counted.get(job.outcome ?? 'none') ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, runNext))
  t.comment(`seen: ${[...counted].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`)
  t.equal(
    [...counted.values()].reduce((sum, count) => sum + count),
    jobs,
    'each job has ended',
  )
})
