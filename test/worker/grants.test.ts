// A worker process reads grants again by itself and on SIGHUP; a faulty file leaves the ones before in force, is logged and is a metric.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../free-port.js'
import { openLiveQueue } from '../queue/live-queue.js'
import { openFakeLauncher } from './fake-launcher.js'
import { startWorker, writeImages } from './live-worker.js'

const live = await openLiveQueue()
writeImages(live)
const launcher = await openFakeLauncher(join(live.directory, 'launcher.sock'), () => undefined)
const port = await freePort()
const worker = await startWorker(live, { STOCKADE_WORKER_METRICS_ADDRESS: `127.0.0.1:${port}` })
t.teardown(async () => {
  worker.kill('SIGTERM')
  await worker.ended
  await launcher.close()
  await live.close()
})

const file = join(live.settings('worker').grantDirectory, 'course.yaml')
const metrics = async (): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
const taken = 'grants and catalogue loaded'
const refused = 'grants or catalogue do not load; the old ones stay in force'

/** Log lines with this message from now on. */
function forget(): void {
  worker.lines.length = 0
}

t.test('at its start they are current', async (t) => {
  t.match(await metrics(), /^stockade_grants_current 1$/m)
})

t.test('a good file is taken by itself', async (t) => {
  forget()
  writeFileSync(file, 'extends: ci\n')
  t.match(await worker.says(taken), { grants: { course: /^[0-9a-f]{16}$/ } })
  t.match(await metrics(), /^stockade_grant_reloads_total\{result="taken"\} 1$/m)
})

t.test('a faulty one is not: an error with its place, and a metric', async (t) => {
  forget()
  writeFileSync(file, 'extends: ci\nrootInside: 1\n')
  t.match(await worker.says(refused), { level: 'error', error: /^course\.yaml:2:1: \/rootInside/ })
  const text = await metrics()
  t.match(text, /^stockade_grants_current 0$/m)
  t.match(text, /^stockade_grant_reloads_total\{result="refused"\} 1$/m)
})

t.test('SIGHUP reads again at once', async (t) => {
  forget()
  rmSync(file)
  worker.kill('SIGHUP')
  await worker.says(taken)
  t.match(await metrics(), /^stockade_grants_current 1$/m)
})
