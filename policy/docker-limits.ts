// Limits and devices of a container: what Docker calls resources, as limits of the ask, and the limits in force written out again.
import type { Asked, AskedLimit, LimitName } from './ask.js'
import type { Subject } from './docker-adapted.js'
import type { DockerFields } from './docker-fields.js'
import type { ResolvedLimits } from './resolve.js'

/** The engine’s period of processor time when a quota names none, microseconds. */
const usualPeriod = 100_000

function askedProcessor({ body, findings }: Subject, at: string): AskedLimit | null {
  const [nano, other] = [body.number(`${at}/NanoCpus`), body.number(`${at}/NanoCPUs`)]
  const [period, quota] = [body.number(`${at}/CpuPeriod`), body.number(`${at}/CpuQuota`)]
  const given = [nano, other, quota].filter((one) => one !== null)
  for (const further of given.slice(1))
    findings.deny('docker-form', further, 'Processor time is asked in two ways; ask it in one.')
  if (nano ?? other) {
    const { value, pointer } = (nano ?? other) as Asked<number>
    return { name: 'cpuMillis', value: value / 1_000_000, pointer }
  }
  if (period !== null && (period.value < 1000 || period.value > 1_000_000))
    findings.deny('docker-form', period, 'A period is 1000 to 1000000 microseconds.')
  if (quota === null) return null
  return {
    name: 'cpuMillis',
    value: (quota.value / (period?.value ?? usualPeriod)) * 1000,
    pointer: quota.pointer,
  }
}

type Ulimit = { readonly name: string; readonly soft: number; readonly hard: number }

/** Ulimits that a grant has a limit for, and what one of theirs is in ours. */
const ulimits: Readonly<Record<string, readonly [LimitName, number]>> = {
  nofile: ['openFiles', 1],
  nproc: ['processes', 1],
  fsize: ['fileBytes', 1],
  cpu: ['cpuMs', 1000],
}

/** A list of `{Name, Soft, Hard}`, each a limit. A core file or a stack of the usual size may be asked and changes nothing. */
export function askedUlimits(
  { body, findings, context }: Subject,
  at: string,
  fields: DockerFields = body,
): { limits: AskedLimit[]; written: Ulimit[] } {
  const limits: AskedLimit[] = []
  const written: Ulimit[] = []
  for (const { pointer } of fields.below(at)) {
    const name = fields.text(`${pointer}/Name`)
    const soft = fields.number(`${pointer}/Soft`)?.value ?? 0
    const hard = fields.number(`${pointer}/Hard`)?.value ?? 0
    const one = { name: name?.value ?? '', soft, hard }
    const known = Object.hasOwn(ulimits, one.name) ? ulimits[one.name] : undefined
    if (known !== undefined) {
      const [limit, unit] = known
      limits.push({ name: limit, value: hard * unit, pointer: `${pointer}/Hard` })
      limits.push({ name: limit, value: soft * unit, pointer: `${pointer}/Soft` })
      if (soft > hard)
        findings.deny('docker-form', `${pointer}/Soft`, 'The soft limit is above the hard one.')
      written.push(one)
    } else if (one.name === 'core' && soft === 0 && hard === 0) continue
    else if (
      one.name === 'stack' &&
      soft > 0 &&
      hard > 0 &&
      Math.max(soft, hard) <= context.grant.grant.limits.stackBytes
    )
      written.push(one)
    else
      findings.deny(
        'docker-ulimit',
        `${pointer}/Name`,
        `No grant has a limit for this ulimit; there are nofile, nproc, fsize, cpu, and stack up to ${context.grant.grant.limits.stackBytes} bytes.`,
      )
  }
  return { limits, written }
}

/** Resources, at a pointer: memory, processor, processes, ulimits. */
export function askedResources(
  subject: Subject,
  at: string,
): { limits: AskedLimit[]; ulimits: Ulimit[] } {
  const { body } = subject
  const limits: AskedLimit[] = []
  const memory = body.number(`${at}/Memory`)
  if (memory !== null) limits.push({ ...memory, name: 'memoryBytes' })
  const processor = askedProcessor(subject, at)
  if (processor !== null) limits.push(processor)
  const processes = body.number(`${at}/PidsLimit`)
  if (processes !== null) limits.push({ ...processes, name: 'processes' })
  const { limits: further, written } = askedUlimits(subject, `${at}/Ulimits`)
  return { limits: [...limits, ...further], ulimits: written }
}

/** Every device that is asked, whatever the road: a node, a rule of the control group, a request to a driver. */
export function askedDevices({ body }: Subject, at: string): Asked<string>[] {
  const found: Asked<string>[] = []
  for (const road of ['Devices', 'DeviceRequests'])
    for (const { pointer } of body.below(`${at}/${road}`))
      found.push({ value: JSON.stringify(body.whole(pointer)) ?? '', pointer })
  return [...found, ...body.texts(`${at}/DeviceCgroupRules`)]
}

/** Limits of a container as the engine takes them: no swap, processors in billionths. */
export function writtenResources(
  limits: ResolvedLimits,
  asked: readonly Ulimit[],
): Record<string, unknown> {
  const usual: Ulimit[] = [
    { name: 'nofile', soft: limits.openFiles, hard: limits.openFiles },
    { name: 'core', soft: 0, hard: 0 },
  ]
  const names = new Set(asked.map(({ name }) => name))
  return {
    Memory: Math.floor(limits.memoryBytes),
    MemorySwap: Math.floor(limits.memoryBytes),
    NanoCpus: Math.round(limits.cpuMillis * 1_000_000),
    PidsLimit: Math.floor(limits.processes),
    Ulimits: [...asked, ...usual.filter(({ name }) => !names.has(name))].map(
      ({ name, soft, hard }) => ({
        Name: name,
        Soft: soft,
        Hard: hard,
      }),
    ),
  }
}
