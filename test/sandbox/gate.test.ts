// The worker's look at whether the launcher is there: true of a socket that listens, not of one left behind, and free of charge.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openLauncherGate } from '../../worker/launcher-gate.js'
import { defaultImage, endFrame, framesOf, plainPlan, plainStep } from '../launch-plan.js'
import { instance } from '../stack.js'
import { openConversation, poolFull, sandboxProcesses } from './conversation.js'

/** Closes a gate and waits until it opens again. */
function opened(socketPath: string): Promise<void> {
  return new Promise((resolve) => {
    const heard = { onClosed: () => undefined, onOpened: resolve }
    openLauncherGate(socketPath, heard).close()
  })
}

const listen =
  "require('node:net').createServer().listen(process.argv[1], () => console.log('listens'))"

t.test('a socket that its owner left behind does not open it, a new owner does', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stockade-gate-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'launcher.sock')
  const start = async (): Promise<ReturnType<typeof spawn>> => {
    const owner = spawn(process.execPath, ['-e', listen, path], {
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(owner.stdout ?? owner, 'data')
    return owner
  }
  const first = await start()
  first.kill('SIGKILL')
  await once(first, 'exit')
  t.ok(existsSync(path), 'its file is left')
  let isOpen = false
  const opening = opened(path).then(() => {
    isOpen = true
  })
  await opened(`/run/${instance}/launcher/launcher.sock`) // closed later, so it has been looked at first
  t.notOk(isOpen, 'and opens nothing')
  rmSync(path)
  const second = await start()
  await opening
  t.ok(isOpen)
  second.kill()
})

t.test('a look costs the launcher none of the sandboxes that wait', async (t) => {
  const before = await poolFull()
  for (let look = 0; look < 3; look++) await opened(`/run/${instance}/launcher/launcher.sock`)
  t.same(sandboxProcesses(), before)
  const conversation = openConversation()
  const image = defaultImage(`/var/lib/${instance}/images`)
  conversation.send(framesOf(plainPlan(image, [plainStep(['/bin/true'])]), 'profiles'))
  await conversation.next('finished')
  conversation.send(endFrame)
  await conversation.next('destroyed')
  t.notSame(sandboxProcesses(), before, 'control: a connection costs one')
})
