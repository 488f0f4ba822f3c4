// What a waiting request is told of the end of its job is what a late reader finds; what is not whole is not taken, but read.
import t from 'tap'
import { endOf } from '../../queue/end-message.js'
import { unstartedResult } from '../../queue/record.js'
import { admissionOf, openLiveQueue, payloadOf } from './live-queue.js'

const live = await openLiveQueue()
const api = await live.openApi()
const worker = await live.openWorker()
t.teardown(() => live.close())

/** Admits a job, ends it with this message, and gives what its waiter is told. */
async function told(tenant: string, message: string) {
  const payload = payloadOf(tenant)
  const { jobId } = payload
  const waiter = api.whenFinished(jobId)
  await api.admit(admissionOf(payload, { labels: { line: 'one\ntwo', quote: '"' } }))
  const started = await worker.start(jobId)
  if (started.kind !== 'run') throw new Error(`the job is ${started.kind}`)
  await worker.commit(jobId, started.attempt, unstartedResult('ok', message))
  return { jobId, told: await waiter.promise }
}

t.test('the record comes with the word that it is there', async (t) => {
  const { jobId, told: fields } = await told('told', 'a\nb "c" \u2028 é\u0000')
  t.ok(fields, 'nothing is left to read')
  const job = await api.read('told', jobId, fields)
  t.match(job, { id: jobId, state: 'finished', labels: { line: 'one\ntwo' }, attempts: 1 })
  t.same(job, await api.read('told', jobId), 'as the stored record has it')
  t.equal(await api.read('other', jobId, fields), null, 'and it is its tenant’s alone')
})

t.test('a large record is read', async (t) => {
  const message = 'x'.repeat(40_000)
  const { jobId, told: fields } = await told('large', message)
  t.equal(fields, null)
  t.match(await api.read('large', jobId, fields), { state: 'finished', cause: { message } })
})

t.test('a message that is not whole tells the id alone', (t) => {
  t.same(endOf('job_1'), { jobId: 'job_1', told: null })
  t.same(endOf('job_1\nfinished\n'), { jobId: 'job_1', told: null })
  const running = ['job_1', 'told', 'running', ...Array(13).fill('')].join('\n')
  t.same(endOf(running), { jobId: 'job_1', told: null }, 'nor of a job that has not ended')
  t.end()
})
