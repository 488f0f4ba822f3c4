// The launcher itself, looked at from the host while it serves: what confines it, and the ends of a step that no job can bring about.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { frameTypes, type Started } from '../../contract/launch.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import { encodeStep } from '../../native/launch-encode.js'
import { encodeFrame } from '../../native/launch-frame.js'
import { compileSeccomp } from '../../native/seccomp.js'
import { defaultImage, endFrame, framesOf, plainPlan, plainStep } from '../launch-plan.js'
import { asRoot, instance, servicePid } from '../stack.js'
import { openConversation } from './conversation.js'

const image = defaultImage(`/var/lib/${instance}/images`)
const shell = (script: string, more: Partial<PlanStep> = {}): PlanStep =>
  plainStep(['/bin/sh', '-c', script], more)
const framesOfShell = (script: string, more: Partial<Plan> = {}): Buffer =>
  framesOf({ ...plainPlan(image, [shell(script)]), ...more }, 'profiles')

function statusOf(pid: number): Map<string, string> {
  const lines = asRoot(['cat', `/proc/${pid}/status`]).split('\n')
  return new Map(
    lines.map((line) => line.split(':\t')).map(([name = '', value = '']) => [name, value]),
  )
}

/** The front process and the inner one, its only child. */
function launcherPids(): { front: number; inner: number } {
  const front = servicePid('launcher')
  const inner = Number(asRoot(['cat', `/proc/${front}/task/${front}/children`]).trim())
  return { front, inner }
}

const namespaceOf = (pid: number | 'self', kind: string): string =>
  asRoot(['readlink', `/proc/${pid}/ns/${kind}`]).trim()

t.test('front and inner process: a filter of its own each, and no new privileges', async (t) => {
  for (const [name, pid] of Object.entries(launcherPids())) {
    const status = statusOf(pid)
    t.equal(status.get('Seccomp'), '2', `${name}: a filter`)
    t.equal(status.get('Seccomp_filters'), '1', `${name}: one, its own`)
    t.equal(status.get('NoNewPrivs'), '1', `${name}: no_new_privs`)
  }
  t.equal(statusOf(process.pid).get('Seccomp_filters'), '0', 'control: this process has none')
})

t.test(
  'the front has no capability; the inner process has those of a namespace and no network of the host',
  async (t) => {
    const { front, inner } = launcherPids()
    t.equal(statusOf(front).get('CapEff'), '0000000000000000')
    t.equal(
      namespaceOf(front, 'net'),
      namespaceOf('self', 'net'),
      'control: the front is in the host’s, as the docs say',
    )
    for (const kind of ['user', 'net', 'mnt', 'ipc', 'uts'])
      t.not(namespaceOf(inner, kind), namespaceOf('self', kind), kind)
  },
)

t.test('a cancel that crosses the end of a step does not hold what came with it', async (t) => {
  const conversation = openConversation()
  conversation.send(framesOfShell('exit 3'))
  t.match((await conversation.next('finished')).payload.toString(), /"exitCode":3/)
  const cancel = encodeFrame(frameTypes.cancel, Buffer.from('cancelled'))
  conversation.send(Buffer.concat([cancel, endFrame]))
  t.match((await conversation.next('destroyed')).payload.toString(), /"leftProcesses":0/)
})

t.test('nor a next step behind it', async (t) => {
  const conversation = openConversation()
  conversation.send(framesOfShell('exit 3'))
  await conversation.next('finished')
  const { program } = compileSeccomp('default', { profilesFolder: 'profiles' })
  const cancel = encodeFrame(frameTypes.cancel, Buffer.from('cancelled'))
  conversation.send(
    Buffer.concat([cancel, ...encodeStep(shell('exit 4'), { filter: program, audit: null }, null)]),
  )
  t.match(
    (await conversation.next('finished')).payload.toString(),
    /"exitCode":4,.*"reason":"none"/,
  )
  conversation.send(endFrame)
  await conversation.next('destroyed')
})

/** The quota in force in the place where a slot's is: on v2 the step's group, on v1 the slot's. */
function quotaOf(slot: number, version: number): string {
  const group =
    version === 2
      ? asRoot([
          'find',
          '/sys/fs/cgroup',
          '-path',
          `*${instance}*/slot-${slot}/step`,
          '-type',
          'd',
        ]).trim()
      : `/sys/fs/cgroup/cpu/${instance}/slot-${slot}`
  const file = readdirSync(group).includes('cpu.max') ? 'cpu.max' : 'cpu.cfs_quota_us'
  return readFileSync(`${group}/${file}`, 'utf8').split(' ')[0]?.trim() ?? ''
}

t.test('what it takes to end a step is not held back by its share of a processor', async (t) => {
  const conversation = openConversation()
  const plan = plainPlan(image, [shell('sleep 60 & sleep 60', { wallMs: 60_000 })])
  conversation.send(framesOf({ ...plan, cpuMillis: 20 }, 'profiles'))
  const { slot, cgroupVersion, cpuQuotaUs } = JSON.parse(
    (await conversation.next('started')).payload.toString(),
  ) as Started
  t.equal(quotaOf(slot, cgroupVersion), String(cpuQuotaUs), 'while it runs')
  conversation.send(encodeFrame(frameTypes.cancel, Buffer.from('cancelled')))
  t.match((await conversation.next('finished')).payload.toString(), /"reason":"cancelled"/)
  t.match(quotaOf(slot, cgroupVersion), /^(-1|max)$/, 'when it has been killed')
  const { program } = compileSeccomp('default', { profilesFolder: 'profiles' })
  conversation.send(
    Buffer.concat(encodeStep(shell('exit 0'), { filter: program, audit: null }, null)),
  )
  const again = JSON.parse((await conversation.next('started')).payload.toString()) as Started
  t.equal(again.cpuQuotaUs, cpuQuotaUs, 'and the next step has it again')
  await conversation.next('finished')
  conversation.send(endFrame)
  await conversation.next('destroyed')
})
