// Row 85, CVE-2026-6406: policy looked at one field and the engine at another that means the same. Here each field has one name.
import type { Test } from 'tap'
import type { Tenant } from '../../stack.js'

const bind = { type: 'bind', source: '/', target: '/host' }
const aliases: Readonly<Record<string, unknown>> = {
  Mounts: [bind],
  MOUNTS: [bind],
  mount: [bind],
  mounts_: [bind],
  'mounts ': [bind],
  'moun\u0074s\u200b': [bind],
  ｍounts: [bind],
  Binds: ['/:/host'],
  binds: ['/:/host'],
  volumes: ['/:/host'],
  Volumes: { '/host': {} },
  volumesFrom: ['other'],
  HostConfig: { Binds: ['/:/host'], Privileged: true },
  hostConfig: { binds: ['/:/host'] },
  host_config: {},
  Privileged: true,
  PRIVILEGED: true,
  privileged_: true,
  privıleged: true,
  CapAdd: ['ALL'],
  capAdd: ['ALL'],
  cap_add: ['ALL'],
  Capabilities: { add: ['SYS_ADMIN'] },
  NetworkMode: 'host',
  networkMode: 'host',
  network_mode: 'host',
  net: 'host',
  Network: 'host',
  PidMode: 'host',
  pid: 'host',
  IpcMode: 'host',
  ipc: 'host',
  UsernsMode: 'host',
  UTSMode: 'host',
  CgroupnsMode: 'host',
  SecurityOpt: ['seccomp=unconfined'],
  security_opt: ['apparmor=unconfined'],
  Seccomp: 'unconfined',
  seccompProfile: 'unconfined',
  Devices: ['/dev/kvm'],
  device: ['/dev/kvm'],
  DeviceCgroupRules: ['a *:* rwm'],
  Sysctls: {},
  sysctl: {},
  Runtime: 'runc',
  runtime: 'runc',
  User: { uid: 0, gid: 0 },
  uid: 0,
  runAs: 'root',
  environment: {},
  Env: ['A=b'],
  cwd: '/',
  workingDir: '/',
  Image: 'x',
  cmd: ['x'],
  entrypoint: ['x'],
}
const nested: readonly unknown[] = [
  { mounts: [{ ...bind, Source: '/etc' }] },
  { mounts: [{ type: 'bind', src: '/', dst: '/host' }] },
  { mounts: [{ type: 'BIND', source: '/', target: '/host' }] },
  { mounts: [{ ...bind, bindOptions: { propagation: 'shared' } }] },
  { mounts: ['/:/host'] },
  { capabilities: { Add: ['ALL'] } },
  { capabilities: ['ALL'] },
  { namespaces: { PID: 'host' } },
  { namespaces: { net: 'host' } },
  { user: { UID: 0, gid: 0 } },
  { user: '0:0' },
  { limits: { Memory: 1 } },
]

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const ask = (body: unknown, path = '/v1/jobs') => tenant.request('POST', path, body)
  const base = { language: 'bash', source: 'true' }
  t.equal(
    (await ask({ ...base, mounts: [bind] })).status,
    403,
    'control: the field by its name is understood, and denied',
  )
  for (const [name, value] of Object.entries(aliases))
    for (const path of ['/v1/jobs', '/v1/policy/evaluate']) {
      const answer = await ask({ ...base, [name]: value }, path)
      t.equal(answer.status, 400, `${path}: ${JSON.stringify(name)} is no field`)
    }
  for (const body of nested) {
    const answer = await ask({ ...base, ...(body as object) })
    t.equal(answer.status, 400, `${JSON.stringify(body)} is refused`)
  }
  t.equal((await ask(base)).status, 202, 'control: without them it is a job')
}
