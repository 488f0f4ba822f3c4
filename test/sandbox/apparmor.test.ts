// AppArmor where the kernel has it, and what is said where it has not. The kernel of the virtual machine (test/vm) has it.
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Job } from '../../contract/result.js'
import { apparmorClasses } from '../../policy/apparmor-label.js'
import { accountOf, asRoot, instance, openTenant, outputOf, persist } from '../stack.js'

const parameter = '/sys/module/apparmor/parameters/enabled'

function hasAppArmor(): boolean {
  try {
    return readFileSync(parameter, 'utf8').trim() === 'Y'
  } catch {
    return false
  }
}

const here = hasAppArmor()
const tenant = openTenant('apparmor')
const openOwnMemory = `try:
  open('/proc/self/mem', 'rb')
  print('opened')
except OSError as error:
  print(error.strerror)`

for (const seccomp of apparmorClasses) {
  t.test(`a job of the class ${seccomp}`, async (t) => {
    const source = 'cat /proc/self/attr/current 2> /dev/null; true'
    const job = await tenant.run({ language: 'bash', source, seccomp })
    t.equal(job.outcome, 'ok', accountOf(job))
    const label = `stockade-job-${seccomp}`
    if (here) t.equal(outputOf(job).toString().trim(), `${label} (enforce)`, 'as the kernel says')
    t.match(job.isolation?.apparmor, here ? new RegExp(`^${label}( |$)`) : /^none$/)
    const mem = await tenant.run({ language: 'python', source: openOwnMemory, seccomp })
    // Nothing else refuses it: without AppArmor it is opened.
    t.equal(outputOf(mem).toString().trim(), here ? 'Permission denied' : 'opened', accountOf(mem))
  })
}

t.test('a grant can demand it', async (t) => {
  const file = `/etc/${instance}/grants/confined.yaml`
  t.teardown(() => void asRoot(['rm', '-f', file]))
  asRoot(['tee', file], JSON.stringify({ extends: 'untrusted', apparmorRequired: true }))
  const confined = await persist(async () => openTenant('confined', 'confined'))
  const answer = await persist(async () => {
    const said = await confined.request('POST', '/v1/jobs?wait=30', {
      language: 'bash',
      source: 'echo through',
    })
    // Until the api has read the file, the grant is not there.
    if (said.status === 403 && !said.text.includes('violations')) throw new Error(said.text)
    return said
  })
  if (here) {
    const job = await confined.finished((answer.json as Job).id)
    t.equal(outputOf(job).toString(), 'through\n', accountOf(job))
  } else {
    t.equal(answer.status, 403)
    t.match(answer.json, {
      violations: [{ rule: 'apparmor-required', message: /requires AppArmor/ }],
    })
  }
})

t.test('a profile asked for by name', async (t) => {
  const spec = { language: 'bash', source: 'true', apparmor: 'stockade-job-default' }
  const asked = await tenant.request('POST', '/v1/jobs?wait=30', spec)
  if (here) {
    const job = await tenant.finished((asked.json as Job).id)
    t.equal(job.outcome, 'ok', accountOf(job))
  } else t.match(asked.json, { violations: [{ rule: 'apparmor-profile' }] })
  const other = await tenant.request('POST', '/v1/jobs', { ...spec, apparmor: 'docker-default' })
  t.match(other.json, { violations: [{ rule: 'apparmor-profile' }] })
})
