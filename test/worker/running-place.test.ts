// A real worker killed in the middle: its tenant’s running places come back, and its usage counts each job once.
import { join } from 'node:path'
import t from 'tap'
import { frameTypes } from '../../contract/launch.js'
import { openLiveQueue, prefix } from '../queue/live-queue.js'
import { type FakeStep, openFakeLauncher } from './fake-launcher.js'
import { commandPayload, startWorker, submit, writeImages } from './live-worker.js'

const live = await openLiveQueue()
writeImages(live)
/** The first run of the slow job never ends by itself; any later one does. */
let slowRuns = 0

function act(step: FakeStep): void {
  step.started()
  if (step.argv[0] === '/bin/sleep' && slowRuns++ === 0) return
  step.send(frameTypes.stdout, Buffer.from('done\n'))
  step.finished()
}
const launcher = await openFakeLauncher(join(live.directory, 'launcher.sock'), act)
const api = await live.openApi({ slots: 2, lockMs: 1000 })
t.setTimeout(120_000)
t.teardown(async () => {
  await launcher.close()
  await live.close()
})

t.test('one place, a killed worker, and four jobs that each end once', async (t) => {
  const quota = { runningJobs: 1 }
  const first = await startWorker(live)
  const slow = await submit(api, commandPayload('placed', ['/bin/sleep', '1000']), quota)
  await launcher.nextStep('/bin/sleep')
  const others = await Promise.all(
    [1, 2, 3].map(() => submit(api, commandPayload('placed', ['/bin/echo', 'hi']), quota)),
  )
  t.equal(await live.look.scard(`${prefix}inflight:placed`), 1)
  first.kill('SIGKILL')
  await first.ended
  t.equal(await live.look.scard(`${prefix}inflight:placed`), 1, 'not yet known to be lost')
  const second = await startWorker(live)
  let most = 0
  const ends = [slow, ...others].map(async ({ finished }) => {
    const job = await finished
    most = Math.max(most, await live.look.scard(`${prefix}inflight:placed`))
    return job.outcome
  })
  t.same(await Promise.all(ends), ['ok', 'ok', 'ok', 'ok'])
  t.ok(most <= 1, `${most} in flight at one time`)
  t.equal(await live.look.scard(`${prefix}inflight:placed`), 0, 'every place is free')
  const rows = await api.usage.on(await api.usage.today())
  t.match(rows, [{ tenant: 'placed', submits: 4, jobs: { program: 4, service: 0 } }])
  second.kill('SIGTERM')
  t.equal(await second.ended, 0)
})
