// Output in events: whole up to the mark, then how much is left out, at once and at the end of the step.
import t from 'tap'
import { eventOutputBytesMax, type OutputEvent } from '../../contract/event.js'
import type { NewEvent } from '../../queue/worker-store.js'
import { openEventBatch } from '../../worker/event-batch.js'

const told: NewEvent[] = []
const tell = async (events: readonly NewEvent[]): Promise<void> => {
  told.push(...events)
}
t.beforeEach(() => told.splice(0))

const dataOf = (events: readonly NewEvent[], name: string): unknown[] =>
  events.filter((event) => event.name === name).map(({ data }) => JSON.parse(data) as unknown)

const bytesOf = (events: readonly NewEvent[]): number =>
  (dataOf(events, 'stdout') as OutputEvent[]).reduce(
    (sum, { base64 }) => sum + Buffer.from(base64, 'base64').length,
    0,
  )

t.test('up to the mark nothing is left out', async (t) => {
  const batch = openEventBatch(tell)
  for (let at = 0; at < eventOutputBytesMax; at += 32_768)
    batch.output('stdout', 'run', Buffer.alloc(32_768, 'x'))
  batch.endOutput('run')
  await batch.flush()
  t.equal(bytesOf(told), eventOutputBytesMax)
  t.same(dataOf(told, 'omitted'), [])
})

t.test('beyond it followers are told at once, and how much at the end of each step', async (t) => {
  const batch = openEventBatch(tell)
  for (let at = 0; at < 100; at++) batch.output('stdout', 'compile', Buffer.alloc(32_768, 'x'))
  batch.endOutput('compile')
  batch.add('step', { name: 'compile', state: 'ended', outcome: 'ok' })
  batch.output('stderr', 'run', Buffer.alloc(10))
  batch.output('stderr', 'run', Buffer.alloc(5))
  batch.endOutput('run')
  const last = await batch.take()
  const all = [...told, ...last]
  t.equal(bytesOf(all), eventOutputBytesMax)
  t.same(dataOf(all, 'omitted'), [
    { step: 'compile', bytes: 32_768 },
    { step: 'compile', bytes: 100 * 32_768 - eventOutputBytesMax },
    { step: 'run', bytes: 10 },
    { step: 'run', bytes: 15 },
  ])
  t.same(dataOf(all, 'stderr').length, 0)
})
