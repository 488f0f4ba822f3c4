// Many small jobs at once, sent by a client that repeats what failed, and the count of what became of each.
import type { Test } from 'tap'
import type { Job } from '../../contract/result.js'
import { accountOf, type Event, persist, type Tenant } from '../stack.js'

export type Fleet = {
  readonly ids: readonly string[]
  /** Resolves when so many of the jobs have ended. */
  someFinished(count: number): Promise<void>
  /** All jobs, each at its end. */
  all(): Promise<Job[]>
}

/** How many requests are under way at one time. */
const abreast = 32

async function inLanes<Value>(
  count: number,
  work: (index: number) => Promise<Value>,
): Promise<Value[]> {
  const results: Value[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index)
  }
  await Promise.all(Array.from({ length: Math.min(abreast, count) }, lane))
  return results
}

/** Jobs print their own number, so that a mixed-up result shows. Repeating is safe by idempotency key. */
export async function send(
  tenant: Tenant,
  name: string,
  count: number,
  seconds: number,
): Promise<Fleet> {
  const ids = await inLanes(count, (index) =>
    persist(async () => {
      const spec = { language: 'bash', source: `echo ${name}-${index}; sleep ${seconds}; echo end` }
      const answer = await tenant.request('POST', '/v1/jobs', spec, {
        'idempotency-key': `${name}-${index}`,
      })
      if (answer.status !== 202 && answer.status !== 200)
        throw new Error(`${answer.status}: ${answer.text}`)
      return (answer.json as Job).id
    }),
  )
  const finished = (index: number): Promise<Job> => persist(() => tenant.finished(ids[index] ?? ''))
  return {
    ids,
    someFinished: async (some) => {
      await inLanes(some, finished)
    },
    all: () => inLanes(count, finished),
  }
}

/** Each job ended exactly once, with its own result, and its events say the same. */
export async function expectEachOnce(
  t: Test,
  tenant: Tenant,
  name: string,
  fleet: Fleet,
): Promise<Job[]> {
  const jobs = await fleet.all()
  t.equal(new Set(fleet.ids).size, fleet.ids.length, 'each has an id of its own')
  const wrong = jobs.filter(
    (job, index) => job.outcome !== 'ok' || job.stdout !== `${name}-${index}\nend\n`,
  )
  t.same(wrong.map(accountOf), [], `all ${jobs.length} ended well, each with its own output`)
  const results = await inLanes(fleet.ids.length, async (index) => {
    const events: Event[] = []
    for await (const event of tenant.events(fleet.ids[index] ?? '')) events.push(event)
    return events.filter((event) => event.name === 'result').length
  })
  t.same(
    results.filter((count) => count !== 1),
    [],
    'each has exactly one result event',
  )
  const again = jobs.filter((job) => job.attempts > 1).length
  t.comment(`${again} of ${jobs.length} jobs were run more than once`)
  return jobs
}
