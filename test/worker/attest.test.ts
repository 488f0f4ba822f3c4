// The worker's own comparison of what was read back with the plan: each difference ends the job, and names itself.
import t from 'tap'
import type { Started } from '../../contract/launch.js'
import { attest, networkOf } from '../../worker/attest.js'
import { plainPlan, plainStep } from '../launch-plan.js'
import { startedOf } from './fake-launcher.js'

const step = plainStep(['/bin/true'])
const plan = plainPlan('0'.repeat(64), [step])
const started = startedOf({ ...plan, ...step })
const up = { devices: ['lo'], ipv4: true, ipv6: true }

t.test('what was read back as it was planned passes', (t) => {
  t.doesNotThrow(() => attest(started, plan, step))
  t.doesNotThrow(() => attest({ ...started, network: up }, { ...plan, network: 'loopback' }, step))
  t.end()
})

const differences: readonly [string, Partial<Started>][] = [
  ['resource limits', { resourceLimits: { ...started.resourceLimits, openFiles: 65_536 } }],
  ['resource limits', { resourceLimits: { ...started.resourceLimits, fileBytes: 2 ** 40 } }],
  ['resource limits', { resourceLimits: { ...started.resourceLimits, coreBytes: 1 } }],
  ['disk inodes', { diskLimit: { ...started.diskLimit, inodes: plan.diskInodes + 1 } }],
  ['network', { network: up }],
  ['network', { network: { ...up, ipv4: false } }],
  ['memory limit', { memoryLimitBytes: step.memoryBytes + 4096 }],
  ['swap limit', { swapLimitBytes: 1 }],
  ['no_new_privs', { noNewPrivileges: false }],
  ['id maps', { uidMap: '0 0 65536' }],
]

for (const [what, difference] of differences) {
  t.test(`${what}: ${JSON.stringify(difference)}`, (t) => {
    t.throws(() => attest({ ...started, ...difference }, plan, step), {
      stage: 'isolation-mismatch',
      message: new RegExp(what),
    })
    t.end()
  })
}

t.test('a second device with an address is no network that a plan can name', (t) => {
  t.equal(networkOf({ ...started, network: { ...up, devices: ['lo', 'eth0'] } }), 'other')
  t.end()
})
