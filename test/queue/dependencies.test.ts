// Jobs that wait for others, on both sides of a real queue: order, causes, quotas, deaths in between.
import t from 'tap'
import type { Dependency } from '../../contract/dependency.js'
import type { Outcome } from '../../contract/outcome.js'
import { tellDependents } from '../../queue/dependents.js'
import { unstartedResult } from '../../queue/record.js'
import { okResult, runJob } from '../api/run-result.js'
import { accept, admissionOf, openLiveQueue, payloadOf, prefix } from './live-queue.js'

const queue = await openLiveQueue()
const api = await queue.openApi()
const worker = await queue.openWorker()
t.teardown(() => queue.close())

const success = (job: string): Dependency => ({ job, on: 'success' })
const always = (job: string): Dependency => ({ job, on: 'always' })
const resultOf = (outcome: Outcome): typeof okResult => ({
  ...okResult,
  ...unstartedResult(outcome, 'It was so.'),
})

const ended = (id: string): Promise<void> => api.awaitEnd(id, new AbortController().signal)

/** Whether a worker could take it now. */
async function mayRun(id: string): Promise<boolean> {
  await api.feed()
  return (await queue.look.zscore(`${prefix}handover`, id)) !== null
}

t.test('a job is in nobody’s list until what it waits for has ended', async (t) => {
  const build = await accept(api, 'chain')
  const lint = await accept(api, 'chain')
  const check = await accept(api, 'chain', { after: [success(build), always(lint)] })
  const notify = await accept(api, 'chain', { after: [always(check)] })
  t.ok((await mayRun(build)) && (await mayRun(lint)))
  t.notOk((await mayRun(check)) || (await mayRun(notify)))
  const asked = { state: 'queued', after: [success(build), always(lint)] }
  t.match(await api.read('chain', check), asked)
  await runJob(worker, build)
  t.notOk(await mayRun(check), 'one of two')
  await runJob(worker, lint, resultOf('exit-nonzero'))
  t.ok(await mayRun(check), 'always: however it ends')
  await runJob(worker, check)
  t.ok(await mayRun(notify))
  await runJob(worker, notify)
  t.match(await api.read('chain', notify), { state: 'finished', outcome: 'ok' })
  for (const left of ['blocked:chain', 'waiting:chain', 'ended', `dependents:${build}`])
    t.equal(await queue.look.exists(`${prefix}${left}`), 0, left)
  t.equal(Number(await queue.look.get(`${prefix}waiting-count`)), 0)
})

t.test('what was to run after a failure is cancelled, names it, and so on down', async (t) => {
  const build = await accept(api, 'failing')
  const check = await accept(api, 'failing', { after: [success(build)] })
  const deploy = await accept(api, 'failing', { after: [success(check)] })
  const tidy = await accept(api, 'failing', { after: [always(deploy)] })
  await runJob(worker, build, resultOf('exit-nonzero'))
  t.match(await api.read('failing', check), {
    ...{ state: 'finished', outcome: 'cancelled', attempts: 0 },
    cause: {
      job: build,
      message: `It was to run after ${build}, which ended as exit-nonzero.`,
    },
  })
  t.match(await api.read('failing', deploy), { outcome: 'cancelled', cause: { job: check } })
  t.match(await api.read('failing', tidy), { state: 'queued' })
  t.ok(await mayRun(tidy), 'always')
  await runJob(worker, tidy)
  const late = await accept(api, 'failing', { after: [success(build)] })
  t.match(
    await api.read('failing', late),
    { outcome: 'cancelled', cause: { job: build } },
    'at once',
  )
  const after = await accept(api, 'failing', { after: [always(build)] })
  t.ok(await mayRun(after), 'control: after a job that has ended it may run at once')
  await runJob(worker, after)
  const told: string[] = []
  // The housekeeping of this api takes them, too: what it has taken is told to its audit log.
  for (const { jobId } of await tellDependents(queue.look)) told.push(jobId)
  t.equal(await queue.look.llen(`${prefix}cascaded`), 0)
})

t.test('cancelled, expired and lost jobs are no success either', async (t) => {
  const cancelled = await accept(api, 'ends')
  const expired = await accept(api, 'ends', { lifeMs: 1 })
  const ids = [cancelled, expired]
  const waiting: string[] = []
  for (const id of ids) waiting.push(await accept(api, 'ends', { after: [success(id)] }))
  await api.cancel('ends', cancelled)
  for (const id of waiting) await ended(id)
  for (const [at, id] of waiting.entries())
    t.match(await api.read('ends', id), { outcome: 'cancelled', cause: { job: ids[at] } })
})

t.test('who waits for others is cancelled and expires as everybody', async (t) => {
  const build = await accept(api, 'gone')
  const check = await accept(api, 'gone', { after: [success(build)] })
  const short = await accept(api, 'gone', { after: [success(build)], lifeMs: 1 })
  t.equal(await api.cancel('gone', check), 'cancelled')
  await ended(short)
  t.match(await api.read('gone', short), { outcome: 'expired' })
  t.equal(await queue.look.scard(`${prefix}blocked:gone`), 0)
  await runJob(worker, build)
  t.match(await api.read('gone', check), { outcome: 'cancelled', cause: { job: undefined } })
})

t.test('they count as waiting; caps and weight of a tenant stay', async (t) => {
  const build = await accept(api, 'counted', { queuedJobs: 3, runningJobs: 7, weight: 300 })
  await worker.start(build)
  const quotas = { queuedJobs: 2, runningJobs: 7, weight: 300 }
  for (let count = 0; count < 2; count++)
    await accept(api, 'counted', { after: [success(build)], ...quotas })
  const third = admissionOf(payloadOf('counted'), { after: [success(build)], ...quotas })
  t.match(await api.admit(third), { kind: 'tenant-queue-full', of: 'jobs', over: { used: 2 } })
  t.equal(await queue.look.hget(`${prefix}running-caps`, 'counted'), '7')
  t.equal(await queue.look.hget(`${prefix}weights`, 'counted'), '300')
})

t.test('a stranger’s job, and one that there is not, is none', async (t) => {
  const other = await accept(api, 'other')
  for (const job of [other, `job_${'0'.repeat(26)}`]) {
    const admission = admissionOf(payloadOf('stranger'), { after: [success(job)] })
    t.match(await api.admit(admission), { kind: 'unknown-dependency', dependency: job })
    t.equal(await api.read('stranger', admission.payload.jobId), null, 'nothing was written')
  }
})

t.test('more dependents than one script tells: the next turns tell the rest', async (t) => {
  const build = await accept(api, 'crowd')
  const crowd: string[] = []
  for (let count = 0; count < 250; count++)
    crowd.push(await accept(api, 'crowd', { after: [success(build)] }))
  await runJob(worker, build, resultOf('signalled'))
  for (const id of crowd) await ended(id)
  for (const id of crowd) t.match(await api.read('crowd', id), { outcome: 'cancelled' })
  t.equal(await queue.look.llen(`${prefix}ended`), 0)
})

t.test('a long chain ends at once, without an end of our own stack', async (t) => {
  const first = await accept(api, 'deep')
  const rest = [first]
  let last = first
  for (let count = 0; count < 300; count++) {
    last = await accept(api, 'deep', { after: [success(last)] })
    rest.push(last)
  }
  await api.cancel('deep', first)
  await ended(last)
  t.match(await api.read('deep', last), { outcome: 'cancelled', cause: { job: rest.at(-2) } })
})

t.test(
  'Redis is killed and comes back, its api too: what waited still waits, and runs',
  async (t) => {
    const build = await accept(api, 'survivor')
    const check = await accept(api, 'survivor', { after: [success(build)] })
    await queue.killRedis()
    await queue.startRedis()
    const other = await queue.openApi()
    t.match(await other.read('survivor', check), { state: 'queued', after: [success(build)] })
    await runJob(worker, build)
    await other.feed()
    await runJob(worker, check)
    t.match(await other.read('survivor', check), { outcome: 'ok' })
  },
)
