// What a worker tells the audit log: how each job ended, with what was in force, also of jobs that never ran.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Compile } from 'typebox/compile'
import { AuditLineSchema } from '../../contract/audit.js'
import { frameTypes } from '../../contract/launch.js'
import { auditFile } from '../../queue/audit-log.js'
import { openLiveQueue } from '../queue/live-queue.js'
import { type FakeStep, openFakeLauncher } from './fake-launcher.js'
import { commandPayload, startWorker, submit, writeImages } from './live-worker.js'

const live = await openLiveQueue()
writeImages(live)
const socket = join(live.directory, 'launcher.sock')
const check = Compile(AuditLineSchema)

function act(step: FakeStep): void {
  step.started()
  if (step.argv[0] === '/bin/sleep') {
    step.cancelled.then(() => step.finished({ ended: 'signalled', signal: 9, reason: 'cancelled' }))
    return
  }
  step.send(frameTypes.stdout, Buffer.from('a-secret-that-is-nowhere\n'))
  step.finished()
}
const launcher = await openFakeLauncher(socket, act)
const api = await live.openApi({ slots: 2, lockMs: 1000 })
t.teardown(async () => {
  await launcher.close()
  await live.close()
})

type Line = Readonly<Record<string, unknown>>

t.test('an outcome of a run, of a cancel, and the log ends with a seal', async (t) => {
  const directory = join(live.directory, 'audit-of-one')
  const worker = await startWorker(live, { STOCKADE_AUDIT_DIRECTORY: directory })
  const ran = await submit(api, commandPayload('acme', ['/bin/echo', 'a-secret-argument']))
  const job = await ran.finished
  const slow = await submit(api, commandPayload('acme', ['/bin/sleep', '1000']))
  while ((await api.read('acme', slow.id))?.state !== 'running')
    await new Promise((resolve) => setImmediate(resolve))
  await api.cancel('acme', slow.id)
  await slow.finished
  worker.kill('SIGTERM')
  t.equal(await worker.ended, 0)
  const text = readFileSync(auditFile(directory, 'worker'), 'utf8')
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  for (const line of lines) t.ok(check.Check(line), JSON.stringify(line))
  t.same(
    lines.map((line) => line.act),
    ['open', 'outcome', 'outcome', 'checkpoint'],
  )
  t.match(lines[1], {
    ...{ job: job.id, tenant: 'acme', attempt: 1, outcome: 'ok', process: 'worker' },
    grant: { name: 'untrusted' },
    isolation: { noNewPrivileges: true, network: 'none' },
    receiptKey: job.receipt?.signatures[0]?.keyid,
  })
  const statement = JSON.parse(
    Buffer.from(job.receipt?.payload ?? '', 'base64').toString('utf8'),
  ) as { subject: { digest: object }[] }
  t.same(lines[1]?.request, statement.subject[0]?.digest, 'the request’s digest is the receipt’s')
  t.match(lines[2], { job: slow.id, outcome: 'cancelled' })
  t.notMatch(text, /a-secret/)
})

t.test('a payload that was tampered with has an outcome, and no isolation', async (t) => {
  const directory = join(live.directory, 'audit-of-another')
  const payload = commandPayload('acme', ['/bin/echo'])
  const damaged = await submit(api, payload)
  await live.look.hset(`stockade:{default}:job:${damaged.id}`, 'payload', 'x'.repeat(100))
  const worker = await startWorker(live, { STOCKADE_AUDIT_DIRECTORY: directory })
  await damaged.finished
  worker.kill('SIGTERM')
  await worker.ended
  const lines = readFileSync(auditFile(directory, 'worker'), 'utf8').trimEnd().split('\n')
  const line = lines.map((one) => JSON.parse(one) as Line).find((one) => one.job === damaged.id)
  t.match(line, {
    ...{ act: 'outcome', outcome: 'sandbox-error', stage: 'damaged-payload', isolation: null },
    ...{ receiptKey: null, request: null, tenant: 'acme' },
  })
})
