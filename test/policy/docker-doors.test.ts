// One policy, two doors: the same wish is refused by the same rules with the same words, from a job and from a container; and every field of
// every Docker request is treated by its adapter.
import t from 'tap'
import type { DockerShape } from '../../contract/docker-container.js'
import type { JobSpec } from '../../contract/job.js'
import { claimOf, leavesOf } from '../../policy/docker-claim.js'
import { dockerEndpoints } from '../../policy/docker-door.js'
import { judgedEndpoints } from '../../policy/docker-endpoints.js'
import { judgeDocker } from '../../policy/docker-judge.js'
import { judge } from '../../policy/engine.js'
import { call, cliCreate, dockerContext, judged } from './docker-fixture.js'
import { caseOf, catalogue } from './fixture.js'

type Wish = readonly [name: string, job: Partial<JobSpec>, host: object, config?: object]

const wishes: readonly Wish[] = [
  [
    'a host path',
    { mounts: [{ type: 'bind', source: '/etc', target: '/x' }] },
    { Binds: ['/etc:/x'] },
  ],
  [
    'the socket',
    { mounts: [{ type: 'bind', source: '/run/docker.sock', target: '/x' }] },
    { Mounts: [{ Type: 'bind', Source: '/run/docker.sock', Target: '/x' }] },
  ],
  ['a target', { mounts: [{ type: 'tmpfs', target: '/proc/x' }] }, { Tmpfs: { '/proc/x': '' } }],
  ['privileged', { privileged: true }, { Privileged: true }],
  ['pid', { namespaces: { pid: 'host' } }, { PidMode: 'host' }],
  ['ipc', { namespaces: { ipc: 'container:x' } }, { IpcMode: 'container:x' }],
  ['user', { namespaces: { user: 'host' } }, { UsernsMode: 'host' }],
  ['uts', { namespaces: { uts: 'host' } }, { UTSMode: 'host' }],
  ['cgroup', { namespaces: { cgroup: 'host' } }, { CgroupnsMode: 'host' }],
  ['network', { network: 'host' }, { NetworkMode: 'host' }],
  ['another’s network', { network: 'container:x' }, { NetworkMode: 'container:x' }],
  ['no filter', { seccomp: 'unconfined' }, { SecurityOpt: ['seccomp=unconfined'] }],
  ['a profile', { seccomp: 'mine' }, { SecurityOpt: ['seccomp=mine'] }],
  ['unconfined', { apparmor: 'unconfined' }, { SecurityOpt: ['apparmor=unconfined'] }],
  ['set-uid', { allowSetuid: true }, { SecurityOpt: ['no-new-privileges=false'] }],
  [
    'a setting',
    { sysctls: { 'kernel.core_pattern': '|/x' } },
    { Sysctls: { 'kernel.core_pattern': '|/x' } },
  ],
  ['a device', { devices: ['a *:* rwm'] }, { DeviceCgroupRules: ['a *:* rwm'] }],
  ['memory', { limits: { memoryBytes: 2 ** 45 } }, { Memory: 2 ** 45 }],
  ['processors', { limits: { cpus: 100 } }, { NanoCpus: 100e9 }],
  ['no processes', { limits: { processes: -1 } }, { PidsLimit: -1 }],
  ['an id', { user: { uid: 65_534, gid: 65_534 } }, {}, { User: '65534:65534' }],
  ['a directory', { workdir: '/proc/self/fd/8' }, {}, { WorkingDir: '/proc/self/fd/8' }],
  ['a variable', { env: { 'a/b': 'x' } }, {}, { Env: ['a/b=x'] }],
  ['a label', { labels: { a: 'x\ny' } }, {}, { Labels: { a: 'x\ny' } }],
]

/** A door has its own word for whose a capability, a volume or a network is; those are not among these. */
const said = (violations: readonly { rule: string; message: string }[]): string[] =>
  violations
    .map(({ rule, message }) => `${rule}: ${message}`)
    .filter((line) => !line.startsWith('mount-grant'))
    .sort()

for (const [name, job, host, config] of wishes) {
  t.test(`the same of both doors: ${name}`, async (t) => {
    const { spec, platform } = caseOf({ name, base: 'command', job })
    const { grant } = dockerContext()
    const ofJob = said(judge(spec, grant, catalogue, platform).violations)
    const verdict = judged('container-create', {
      ...cliCreate,
      ...config,
      HostConfig: { ...cliCreate.HostConfig, ...host },
    })
    t.ok(ofJob.length > 0)
    t.strictSame(verdict.allowed ? [] : said(verdict.violations), ofJob)
  })
}

/** A value at a leaf that says something. */
function filled(shape: DockerShape, keys: readonly string[]): unknown {
  const [key, ...rest] = keys
  if (shape === 'text') return 'zz-unlikely'
  if (shape === 'words') return ['zz-unlikely']
  if (shape === 'number') return 7
  if (shape === 'truth') return true
  if (shape === 'nothing') return { zz: 1 }
  if (Array.isArray(shape)) return [filled(shape[0] as DockerShape, rest)]
  const below = shape as Readonly<Record<string, DockerShape>>
  return { [key === '*' ? 'zz-key' : String(key)]: filled(below[key ?? ''] as DockerShape, rest) }
}

/** Query values as text. */
const asQuery = (value: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      typeof one === 'object' ? JSON.stringify(one) : String(one),
    ]),
  )

for (const endpoint of dockerEndpoints) {
  const { shape, claims, query, queryClaims } = judgedEndpoints[endpoint]
  const ids: Readonly<Record<string, string>> = { network: 'back', service: 'api' }
  const path = { id: ids[endpoint.split('-')[0] ?? ''] ?? 'web', name: 'app' }
  const check = (leaf: string, isQuery: boolean): readonly string[] => {
    const value = filled(isQuery ? query : shape, leaf.split('/').slice(1)) as object
    const asked = isQuery ? call(endpoint, null, asQuery(value)) : call(endpoint, value)
    const verdict = judgeDocker({ ...asked, path }, dockerContext())
    return verdict.allowed ? [] : verdict.violations.map(({ rule }) => rule)
  }
  t.test(`${endpoint}: the adapter treats every field`, async (t) => {
    for (const leaf of leavesOf(shape).filter((leaf) => leaf !== ''))
      t.notOk(check(leaf, false).includes('docker-unread'), leaf)
    for (const leaf of leavesOf(query).filter((leaf) => leaf !== ''))
      t.notOk(check(leaf, true).includes('docker-unread'), `query ${leaf}`)
    for (const [field, claim] of Object.entries({ ...claims }))
      if (claim.kind === 'empty') {
        const leaf =
          leavesOf(shape).find((one) => one === field || one.startsWith(`${field}/`)) ?? ''
        if (claimOf(claims, leaf)?.kind === 'empty' && !leaf.endsWith('Options'))
          t.ok(
            check(leaf, false).some((rule) => ['docker-field', 'docker-form'].includes(rule)),
            `${field} must be empty`,
          )
      }
    for (const [field, claim] of Object.entries(queryClaims))
      if (claim.kind === 'empty')
        t.ok(check(field, true).includes('docker-field'), `${field} must be empty`)
  })
}

t.test('a field that no adapter reads is refused when it says anything', async (t) => {
  const { walkDocker } = await import('../../policy/docker-walk.js')
  const { DockerFields } = await import('../../policy/docker-fields.js')
  const shape = { A: 'text', B: [{ C: 'number' }] } as const
  const claims = {
    '/A': { kind: 'judged', rules: ['image'] },
    '/B': { kind: 'judged', rules: ['image'] },
  } as const
  const value = { A: 'x', B: [{ C: 1 }, { C: 0 }] }
  const walked = walkDocker(shape, claims, value)
  t.strictSame(walked.judged, ['/A', '/B/0/C'])
  const fields = new DockerFields(value)
  fields.text('/A')
  t.strictSame(
    walked.judged.filter((pointer) => !fields.wasRead(pointer)),
    ['/B/0/C'],
  )
})
