// Cancelling in storms, at every moment of a job's life: each job ends exactly once, and stays as it ended.
import t, { type Test } from 'tap'
import { left, poolWaits } from '../../host-left.js'
import { accountOf, address, openTenant, persist } from '../../stack.js'
import { bash, c, judgeAfterwards } from './abuse.js'

const tenant = openTenant('abuse-cancel')
await tenant.run(bash('true'))
await poolWaits()
const before = left()

const cancel = (id: string) => tenant.request('DELETE', `/v1/jobs/${id}`)

t.test('control: nobody cancels', async (t) => {
  const job = await tenant.run(bash('echo whole'))
  t.equal(job.outcome, 'ok', accountOf(job))
})

/** How each of many jobs ended, and what a second look and the events say. */
async function judgeEnds(t: Test, ids: readonly string[], allowed: RegExp): Promise<void> {
  for (const id of ids) {
    const job = await tenant.finished(id)
    t.match(job.outcome, allowed, accountOf(job))
    const results: unknown[] = []
    for await (const event of tenant.events(id)) if (event.name === 'result') results.push(event)
    t.equal(results.length, 1, 'one result')
    const answer = await cancel(id)
    t.ok(answer.status < 500, `a cancel after the end: ${answer.status}`)
    t.equal((await tenant.finished(id)).outcome, job.outcome, 'and it stays as it ended')
  }
}

t.test('each of 40 jobs cancelled at once by three, as soon as it is known', async (t) => {
  const ids: string[] = []
  await Promise.all(
    Array.from({ length: 40 }, async () => {
      const { id } = await tenant.submit(bash('sleep 30', { wallMs: 40_000 }))
      ids.push(id)
      const answers = await Promise.all([cancel(id), cancel(id), cancel(id)])
      t.ok(
        answers.every(({ status }) => [200, 202].includes(status)),
        answers.map(({ status }) => status).join(),
      )
    }),
  )
  await judgeEnds(t, ids, /^cancelled$/)
})

t.test('cancelled during the start: the moment it is said to run', async (t) => {
  const ids: string[] = []
  for (let round = 0; round < 12; round++) {
    const { id } = await tenant.submit(c('for (;;) ;', { wallMs: 40_000, cpuMs: 40_000 }))
    for await (const { name, data } of tenant.events(id))
      if (name === 'state' && (data as { state: string }).state === 'running') break
    await cancel(id)
    ids.push(id)
  }
  await judgeEnds(t, ids, /^cancelled$/)
})

t.test('cancelled while it ends: it was one or the other, never both', async (t) => {
  const ids: string[] = []
  for (let round = 0; round < 12; round++) {
    const { id } = await tenant.submit(bash('exit 0'))
    for await (const { name } of tenant.events(id)) if (name === 'step') break
    await Promise.all([cancel(id), cancel(id)])
    ids.push(id)
  }
  await judgeEnds(t, ids, /^(cancelled|ok)$/)
})

t.test('a client that goes away while it waits cancels nothing', async (t) => {
  const { id } = await tenant.submit(bash('read -r -t 2 < <(sleep 60); echo whole'))
  await fetch(`http://${address}/v1/jobs/${id}?wait=30`, {
    headers: { authorization: `Bearer ${tenant.key}` },
    signal: AbortSignal.timeout(20),
  }).catch(() => undefined)
  const job = await persist(() => tenant.finished(id))
  t.equal(job.outcome, 'ok', accountOf(job))
})

judgeAfterwards(tenant, () => before)
