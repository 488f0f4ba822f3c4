// What the OCI tests share: the checker as a job, and the config of its plan.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { OciConfig } from '../../contract/oci.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import type { Evaluation } from '../../contract/verdict.js'
import { ociConfig } from '../../native/oci-config.js'
import { compileSeccomp } from '../../native/seccomp.js'
import { asRoot, instance, type Tenant } from '../stack.js'
import { repository } from '../tidy-source.js'
import type { Mutation } from './oci-mutations.js'

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

/** For each field that was changed, the checker inside must object. */
export function objectsToEach(t: Test, report: Report, mutations: readonly Mutation[]): void {
  for (const { name, objection } of mutations)
    t.ok(
      report.mutations[name]?.some((check) => check.startsWith(objection)),
      `${name}: the checker objects to ${objection}`,
    )
}
