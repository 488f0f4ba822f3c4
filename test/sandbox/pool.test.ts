// Sandboxes that wait: each slot has one, it becomes what the plan says and nothing else, and none outlives its launcher.
import { createHash } from 'node:crypto'
import t from 'tap'
import type { Started } from '../../contract/launch.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import { defaultImage, endFrame, framesOf, plainPlan, plainStep } from '../launch-plan.js'
import { asRoot, instance, persist, supervise } from '../stack.js'
import { openConversation, poolFull, sandboxProcesses, slots, waiting } from './conversation.js'

const store = `/var/lib/${instance}/images`
const image = defaultImage(store)
const shell = (script: string, more: Partial<PlanStep> = {}): PlanStep =>
  plainStep(['/bin/sh', '-c', script], more)

type Ended = { readonly exitCode: number; readonly ended: string }

async function run(plan: Plan): Promise<Ended> {
  const conversation = openConversation()
  conversation.send(framesOf(plan, 'profiles'))
  const { payload } = await conversation.next('finished')
  conversation.send(endFrame)
  await conversation.next('destroyed')
  return JSON.parse(payload.toString()) as Ended
}

async function startedOf(plan: Plan): Promise<Started> {
  const conversation = openConversation()
  conversation.send(Buffer.concat([framesOf(plan, 'profiles'), endFrame]))
  const { payload } = await conversation.next('started')
  await conversation.next('destroyed')
  return JSON.parse(payload.toString()) as Started
}

const startedNetwork = async (plan: Plan): Promise<Started['network']> =>
  (await startedOf(plan)).network

const runShell = (script: string, more: Partial<Plan> = {}): Promise<Ended> =>
  run({ ...plainPlan(image, [shell(script)]), ...more })

t.test('a sandbox waits in each slot, up to as many as are kept ready', async (t) => {
  t.equal((await poolFull()).length, 2 * waiting)
})

t.test('the image that is mounted ahead makes way for the one that is asked for', async (t) => {
  const other = createHash('sha256').update('another image').digest('hex')
  asRoot(['mkdir', `${store}/${other}`])
  t.teardown(() => asRoot(['rm', '-rf', `${store}/${other}`]))
  asRoot(['cp', '-al', `${store}/${image}/rootfs`, `${store}/${other}/rootfs`])
  asRoot(['sh', '-c', `echo other > ${store}/${other}/rootfs/marker`])
  for (let round = 0; round < 3 * slots; round++) {
    const [digest, script] =
      round % 3 === 0 ? [image, 'test ! -e /marker'] : [other, 'test "$(cat /marker)" = other']
    const ended = await run(plainPlan(digest, [shell(script)]))
    t.equal(ended.exitCode, 0, `${script}, round ${round}`)
  }
  const missing = createHash('sha256').update('no image').digest('hex')
  await t.rejects(run(plainPlan(missing, [shell('true')])), /"stage":"overlay"/)
  t.equal((await runShell('true')).exitCode, 0, 'and the slot is as good as before')
})

t.test('a sandbox that was made for another kind of job makes way', async (t) => {
  const here = 'test "$(id -u):$(id -g)" = 1000:1000 && test -O . && test ! -e /src'
  const there = 'test "$(id -u):$(id -g)" = 2000:3000 && test -O /src && test ! -O /work'
  const other = { uid: 2000, gid: 3000, workspace: '/src' }
  for (let round = 0; round < 2 * slots; round++) {
    t.equal((await runShell(here)).exitCode, 0, `as usual, round ${round}`)
    t.equal((await runShell(there, other)).exitCode, 0, `other ids and workspace, round ${round}`)
    const plan = plainPlan(image, [shell('true')])
    t.same(await startedNetwork(plan), { devices: ['lo'], ipv4: false, ipv6: false })
    t.match(await startedNetwork({ ...plan, network: 'loopback' }), { devices: ['lo'], ipv4: true })
  }
})

t.test('limits are those of the plan, whatever the job before had', async (t) => {
  for (let round = 0; round < slots; round++)
    for (const more of [{ processes: 16 }, { processes: 9, memoryBytes: 48 * 1_048_576 }]) {
      const plan = { ...plainPlan(image, [shell('true', more)]), cpuMillis: 500 * (round + 1) }
      const started = await startedOf(plan)
      t.equal(started.processLimit, more.processes)
      t.equal(started.memoryLimitBytes, more.memoryBytes ?? 64 * 1_048_576)
      t.equal(started.cpuQuotaUs, 50_000 * (round + 1))
    }
})

t.test('a proc without anything but processes replaces the one made ahead', async (t) => {
  for (let round = 0; round < slots; round++) {
    const only = await runShell('test ! -e /proc/cpuinfo && test -e /proc/self/status', {
      proc: 'pid-only',
    })
    t.equal(only.exitCode, 0, 'pid-only')
    t.equal((await runShell('test -e /proc/cpuinfo')).exitCode, 0, 'masked')
  }
})

t.test('sizes are those of the plan, not those of the waiting sandbox', async (t) => {
  const fits =
    'head -c 3000000 /dev/zero > /work/f && head -c 1000000 /dev/zero > /dev/shm/f && test $(stat -fc %c /work) -lt 200'
  const step = shell(fits, { fileBytes: 4_000_000 })
  const ended = await run({ ...plainPlan(image, [step]), diskBytes: 4_194_304, diskInodes: 199 })
  t.equal(ended.exitCode, 0)
  const over = shell('head -c 5000000 /dev/zero > /work/f', { fileBytes: 8_000_000 })
  t.not((await run({ ...plainPlan(image, [over]), diskBytes: 4_194_304 })).exitCode, 0)
  const both = shell(fits.replace('1000000', '3000000'), { fileBytes: 4_000_000 })
  const shared = await run({ ...plainPlan(image, [both]), diskBytes: 4_194_304, diskInodes: 199 })
  t.not(shared.exitCode, 0, 'files and shared memory are one sum')
})

t.test('nothing of a job is met by the next one', async (t) => {
  const places = '/tmp/trace /work/trace /dev/shm/trace'
  for (let round = 0; round <= slots; round++) {
    const script = `for f in ${places}; do test ! -e $f || exit 9; echo > $f; done; sleep 60 & exit 0`
    t.equal((await runShell(script)).exitCode, 0, `round ${round}`)
  }
})

t.test(
  'more connections than slots: one is served when a slot ends, or told that none is free',
  async (t) => {
    const sleeping = Array.from({ length: slots }, () => openConversation())
    for (const conversation of sleeping)
      conversation.send(framesOf(plainPlan(image, [shell('sleep 60')]), 'profiles'))
    for (const conversation of sleeping) await conversation.next('started')
    const refused = openConversation()
    refused.send(framesOf(plainPlan(image, [shell('true')]), 'profiles'))
    t.match((await refused.next('refused')).payload.toString(), /"code":"busy"/)
    const waits = openConversation()
    waits.send(framesOf(plainPlan(image, [shell('true')]), 'profiles'))
    sleeping[0]?.hangUp()
    t.match((await waits.next('finished')).payload.toString(), /"exitCode":0/)
    for (const conversation of [...sleeping, waits, refused]) conversation.hangUp()
  },
)

t.test('a waiting sandbox that dies is replaced', async (t) => {
  const before = await poolFull()
  asRoot(['kill', '-KILL', String(Math.min(...before))])
  await persist(async () => {
    const now = await poolFull()
    if (now.every((pid) => before.includes(pid))) throw new Error('still the same processes')
  })
  t.equal((await runShell('true')).exitCode, 0)
})

t.test('a launcher that stops takes the waiting ones with it', async (t) => {
  await poolFull()
  supervise('stop', 'launcher')
  t.same(sandboxProcesses(), [])
  supervise('start', 'launcher')
  await poolFull()
  t.equal((await runShell('true')).exitCode, 0)
})
