// What the OCI tests share: the checker as a job, the config of its plan, and each field of that config changed once.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JobSpec } from '../../contract/job.js'
import type { OciConfig } from '../../contract/oci.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import type { Evaluation } from '../../contract/verdict.js'
import { ociConfig } from '../../native/oci-config.js'
import { compileSeccomp } from '../../native/seccomp.js'
import { asRoot, instance, type Tenant } from '../stack.js'
import { repository } from '../tidy-source.js'

export type Mutation = { readonly name: string; readonly pointer: string; readonly value: unknown }
export type Facts = {
  readonly namespaces: Readonly<Record<string, string>>
  readonly seesHostIds: boolean
  readonly defaultDevices: boolean
  readonly mutations: readonly Mutation[]
}
export type Wrong = { readonly check: string; readonly expected: unknown; readonly actual: unknown }
export type Report = {
  readonly config: readonly Wrong[]
  readonly mutations: Readonly<Record<string, readonly string[]>>
}

export const checkerSource = readFileSync(join(repository, 'test/sandbox/oci-checker.py'), 'utf8')

const kinds = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'time'] as const
/** The host's namespaces, as root sees them: those of the process that starts everything. */
export const hostNamespaces = (): Record<string, string> =>
  Object.fromEntries(
    kinds.map((kind) => [kind, asRoot(['readlink', `/proc/self/ns/${kind}`]).trim()]),
  )

/** The first of the launcher's subordinate ids: the owner of the image store. Slot n begins n + 1 times 65536 later. */
export function firstSubordinateId(): number {
  const line = readFileSync('/etc/subuid', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${instance}-launcher:`))
  return Number(line?.split(':')[1])
}

export async function planOf(
  tenant: Tenant,
  spec: JobSpec,
): Promise<{ plan: Plan; step: PlanStep }> {
  const { json } = await tenant.request('POST', '/v1/policy/evaluate', spec)
  const { plan } = json as Evaluation
  const step = plan?.steps.at(-1)
  if (plan === null || step === undefined) throw new Error(JSON.stringify(json))
  return { plan, step }
}

export function configOf(plan: Plan, step: PlanStep, firstHostId: number): OciConfig {
  const seccomp = compileSeccomp(step.seccomp, { profilesFolder: join(repository, 'profiles') })
  return ociConfig(plan, step, { seccomp, rootPath: 'rootfs', firstHostId })
}

/** Each field once, and what the checker has to object to, as the beginning of a check's name. */
export function mutationsOf(config: OciConfig): (Mutation & { readonly objection: string })[] {
  const { process, linux, mounts } = config
  const change = (pointer: string, value: unknown, objection: string) => ({
    name: `${pointer} = ${JSON.stringify(value)?.slice(0, 60)}`,
    pointer,
    value,
    objection,
  })
  const rule = (name: string): number =>
    linux.seccomp.syscalls.findIndex(
      ({ names, args }) => names.includes(name) && args === undefined,
    )
  const fieldsOfMounts = mounts.flatMap(({ destination, options }, at) => [
    change(`/mounts/${at}/destination`, '/mnt', 'mount /mnt'),
    change(`/mounts/${at}/type`, 'ext4', `mount ${destination} type`),
    change(
      `/mounts/${at}/options/-`,
      options.includes('ro') ? 'rw' : 'ro',
      `mount ${destination} r`,
    ),
    ...options.flatMap((option, index) => {
      const [name, value] = option.split('=')
      const isFigure = value !== undefined && /^\d+$/.test(value)
      return isFigure
        ? [change(`/mounts/${at}/options/${index}`, `${name}=1`, `mount ${destination} ${name}`)]
        : []
    }),
  ])
  return [
    change('/hostname', 'another', 'hostname'),
    change('/root/readonly', true, 'root.readonly'),
    change('/process/terminal', true, 'terminal'),
    change('/process/user/uid', process.user.uid + 1, 'uid'),
    change('/process/user/gid', process.user.gid + 1, 'gid'),
    change('/process/user/umask', 0o077, 'umask'),
    change('/process/user/additionalGids', [5], 'groups'),
    change('/process/args/-', 'more', 'args'),
    change('/process/args/0', 'another', 'args'),
    change('/process/env/-', 'MORE=1', 'env'),
    change('/process/env', process.env.slice(1), 'env'),
    change('/process/cwd', '/', 'cwd'),
    ...(['bounding', 'effective', 'inheritable', 'permitted', 'ambient'] as const).map((set) =>
      change(`/process/capabilities/${set}`, ['CAP_KILL'], `capabilities.${set}`),
    ),
    ...process.rlimits.flatMap(({ type, soft, hard }, at) => [
      change(`/process/rlimits/${at}/soft`, soft + 1, type),
      change(`/process/rlimits/${at}/hard`, hard + 1, type),
    ]),
    change('/process/noNewPrivileges', false, 'noNewPrivileges'),
    change('/process/oomScoreAdj', 0, 'oomScoreAdj'),
    change('/process/apparmorProfile', 'another', 'apparmorProfile'),
    ...fieldsOfMounts,
    ...linux.namespaces.map(({ type }, at) => {
      const kind = { mount: 'mnt', network: 'net' }[type as string] ?? type
      const others = linux.namespaces.filter((_, index) => index !== at)
      return {
        ...change('/linux/namespaces', others, `namespace ${kind}`),
        name: `no namespace ${type}`,
      }
    }),
    ...(['uid', 'gid'] as const).flatMap((id) => [
      change(`/linux/${id}Mappings/0/containerID`, 1, `${id}Mappings`),
      change(`/linux/${id}Mappings/0/size`, 1, `${id}Mappings`),
    ]),
    ...linux.devices.flatMap(({ path, minor }, at) => [
      change(`/linux/devices/${at}/path`, '/dev/another', 'device /dev/another'),
      change(`/linux/devices/${at}/major`, 2, `device ${path}`),
      change(`/linux/devices/${at}/minor`, minor + 1, `device ${path}`),
      change(`/linux/devices/${at}/type`, 'b', `device ${path}`),
      change(`/linux/devices/${at}/fileMode`, 0o600, `device ${path}`),
    ]),
    change('/linux/rootfsPropagation', 'shared', 'rootfsPropagation'),
    change('/linux/maskedPaths/-', '/proc/self/status', 'masked /proc/self/status'),
    change('/linux/readonlyPaths/-', '/tmp', 'read-only /tmp'),
    change('/linux/sysctl', { 'kernel.ostype': 'another' }, 'sysctl kernel.ostype'),
    change('/linux/seccomp/defaultErrnoRet', 99, 'keyctl'),
    change('/linux/seccomp/defaultAction', 'SCMP_ACT_ALLOW', 'keyctl'),
    change(
      '/linux/seccomp/syscalls',
      linux.seccomp.syscalls.filter(({ args }) => args === undefined),
      'socket',
    ),
    change(`/linux/seccomp/syscalls/${rule('mount')}/action`, 'SCMP_ACT_ALLOW', 'mount['),
    change(`/linux/seccomp/syscalls/${rule('mount')}/errnoRet`, 99, 'mount['),
    change(`/linux/seccomp/syscalls/${rule('read')}/action`, 'SCMP_ACT_ERRNO', 'read['),
  ]
}
