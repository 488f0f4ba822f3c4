// A client that asks for events and does not read them: the job, its limits and everybody else go on as if it were not there.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { left, poolWaits } from '../../host-left.js'
import { accountOf, address, openTenant, outputOf, port } from '../../stack.js'
import { c, judgeAfterwards, mebibyte } from './abuse.js'

const tenant = openTenant('abuse-slow-reader')
await tenant.run(c('return 0;'))
await poolWaits()
const before = left()

/** Asks for the events of a job over a socket of which nothing is ever read. */
async function openDeaf(jobId: string): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  socket.pause()
  socket.on('error', () => undefined)
  socket.write(
    `GET /v1/jobs/${jobId}/events HTTP/1.1\r\nHost: ${address}\r\nAuthorization: Bearer ${tenant.key}\r\nAccept: text/event-stream\r\n\r\n`,
  )
  return socket
}

const flood = c(
  'static char page[65536]; memset(page, 120, sizeof page); for (int n = 0; n < 128; n++) if (write(1, page, sizeof page) < 0) return 3; return 0;',
  {
    outputBytes: 12 * mebibyte,
    wallMs: 30_000,
  },
)

t.test('control: the flood with nobody who listens', async (t) => {
  const job = await tenant.run(flood)
  t.equal(job.outcome, 'ok', accountOf(job).slice(0, 300))
  t.equal(outputOf(job).length, 8 * mebibyte)
})

t.test('twenty deaf listeners do not hold the job up', async (t) => {
  const { id } = await tenant.submit({ ...flood, labels: { deaf: 'yes' } })
  const deaf = await Promise.all(Array.from({ length: 20 }, () => openDeaf(id)))
  const job = await tenant.finished(id)
  t.equal(job.outcome, 'ok', accountOf(job).slice(0, 300))
  t.equal(outputOf(job).length, 8 * mebibyte, 'all of its output is there')
  for (const socket of deaf) socket.destroy()
})

judgeAfterwards(tenant, () => before)
