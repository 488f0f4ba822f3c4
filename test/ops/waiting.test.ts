// How many sandboxes wait ready: as many as the operator says in an idle pool, more under load, none while memory is short. On the running
// launcher, started again with other settings and at the end with those that it had.
import { join } from 'node:path'
import t from 'tap'
import { Settings } from '../../contract/config.js'
import { defaultImage, endFrame, framesOf, plainPlan, plainStep } from '../launch-plan.js'
import {
  type Conversation,
  openConversation,
  poolFull,
  sandboxProcesses,
  slots,
  waiting,
} from '../sandbox/conversation.js'
import { asRoot, instance, persist, servicePid } from '../stack.js'
import { repository } from '../tidy-source.js'

const image = defaultImage(`/var/lib/${instance}/images`)
const framesOfProgram = (argv: readonly string[]): Buffer =>
  framesOf(plainPlan(image, [plainStep(argv, { wallMs: 60_000 })]), 'profiles')

/** Takes the settings of this test out of the file, puts these in, and has the operator's command do the rest. */
function upWith(settings: Readonly<Record<string, number>>): void {
  const file = `/etc/${instance}/stockade.yaml`
  asRoot(['sed', '-i', '/^waiting/d', file])
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${value}\n`)
  asRoot(['tee', '-a', file], lines.join(''))
  asRoot([join(repository, 'stockade'), 'up', '--detach', '--instance', instance])
}

t.teardown(() => upWith({}))

async function runTrue(): Promise<void> {
  const conversation = openConversation()
  conversation.send(Buffer.concat([framesOfProgram(['/bin/true']), endFrame]))
  const { payload } = await conversation.next('finished')
  t.match(payload.toString(), /"exitCode":0/)
  await conversation.next('destroyed')
}

async function noneWaits(): Promise<void> {
  if (sandboxProcesses().length > 0) throw new Error('some still wait')
}

const unlimited = (file: string): string => (file === 'max' ? 'max' : '-1')

/** One in each slot, all at one time. */
async function fillSlots(): Promise<Conversation[]> {
  const held = Array.from({ length: slots }, () => openConversation())
  for (const conversation of held) conversation.send(framesOfProgram(['/bin/sleep', '60']))
  for (const conversation of held) await conversation.next('started')
  return held
}

t.test('an idle pool keeps a few, a load brings more at once, and they go again', async (t) => {
  upWith({ waitingSlots: 1 })
  t.equal((await poolFull(1)).length, 2, 'one waits: its init and its job process')
  const held = await fillSlots()
  t.equal(held.length, slots, 'every slot serves, though one was ready')
  for (const conversation of held) conversation.hangUp()
  t.equal((await poolFull(slots)).length, 2 * slots, 'as many wait as served at one time')
  t.equal((await poolFull(1)).length, 2, 'and after a while without work, one')
  await runTrue()
})

t.test('while the machine has little memory left none waits, and jobs run', async (t) => {
  const { maximum = 0 } = Settings.properties.waitingRoomBytes as { maximum?: number }
  upWith({ waitingRoomBytes: maximum })
  t.same(sandboxProcesses(), [])
  await runTrue()
  for (const conversation of await fillSlots()) conversation.hangUp()
  await persist(noneWaits)
})

t.test('nor while the launcher’s own control group has little left', async (t) => {
  upWith({})
  await poolFull()
  const arguments_ = asRoot(['cat', `/proc/${servicePid('launcher')}/cmdline`]).split('\0')
  const group = arguments_.find((word) => /^(v2|memory):/.test(word))?.replace(/^[^:]*:/, '') ?? ''
  const file = arguments_.some((word) => word.startsWith('v2:')) ? 'max' : 'limit_in_bytes'
  const limit = (value: string): string => asRoot(['tee', `${group}/memory.${file}`], value)
  const before = asRoot(['cat', `${group}/memory.${file}`]).trim()
  // Room for what runs, and less than what must be left.
  limit(String(160 * 1_048_576))
  try {
    await persist(noneWaits)
    await runTrue()
  } finally {
    limit(before === 'max' || Number(before) > Number.MAX_SAFE_INTEGER ? unlimited(file) : before)
  }
  t.equal((await poolFull()).length, 2 * waiting, 'control: with room again they are back')
})
