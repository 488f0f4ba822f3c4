// From a job to an Ask: the job’s adapter. It copies and points; it judges nothing and drops nothing.
import type { JobSpec, Namespaces } from '../contract/job.js'
import type { JobFile } from '../contract/job-file.js'
import type { JobSecret } from '../contract/secret.js'
import {
  type Ask,
  type Asked,
  type AskedFile,
  type AskedLimit,
  type AskedMount,
  type AskedNamespace,
  type AskedSecret,
  namespaceKinds,
} from './ask.js'
import { asked, askedList, askedSettings } from './asked.js'
import { askedStep } from './step-ask.js'

/** Bytes that valid base64 stands for. */
export function base64Bytes(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return Math.floor((text.length * 3) / 4) - padding
}

function askedSecret(secret: JobSecret, index: number): AskedSecret {
  const pointer = `/secrets/${index}`
  const { value, valueBase64 } = secret
  const bytes = value === undefined ? undefined : Buffer.byteLength(value)
  return {
    name: { value: secret.name, pointer: `${pointer}/name` },
    bytes:
      valueBase64 === undefined
        ? asked(bytes, `${pointer}/value`)
        : { value: base64Bytes(valueBase64), pointer: `${pointer}/valueBase64` },
    mode: asked(secret.mode, `${pointer}/mode`),
  }
}

function askedFile(file: JobFile, index: number): AskedFile {
  const pointer = `/files/${index}`
  const bytes =
    file.contentBase64 === undefined
      ? { value: Buffer.byteLength(file.content ?? ''), pointer: `${pointer}/content` }
      : { value: base64Bytes(file.contentBase64), pointer: `${pointer}/contentBase64` }
  return {
    path: { value: file.path, pointer: `${pointer}/path` },
    mode: asked(file.mode, `${pointer}/mode`),
    bytes,
  }
}

function askedMounts(spec: JobSpec): readonly AskedMount[] {
  return (
    spec.mounts?.map((mount, index) => {
      const pointer = `/mounts/${index}`
      return {
        pointer,
        type: mount.type,
        source: asked(mount.source, `${pointer}/source`),
        target: { value: mount.target, pointer: `${pointer}/target` },
      }
    }) ?? []
  )
}

function askedNamespaces(namespaces: Namespaces | undefined): readonly AskedNamespace[] {
  if (namespaces === undefined) return []
  const found: AskedNamespace[] = []
  for (const kind of namespaceKinds) {
    const value = namespaces[kind]
    if (value !== undefined) found.push({ kind, value, pointer: `/namespaces/${kind}` })
  }
  return found
}

const plainLimits = [
  'wallMs',
  'cpuMs',
  'memoryBytes',
  'processes',
  'openFiles',
  'fileBytes',
  'diskBytes',
  'outputBytes',
] as const

function askedLimits(spec: JobSpec): readonly AskedLimit[] {
  const found: AskedLimit[] = []
  const limits = spec.limits
  if (limits !== undefined) {
    for (const name of plainLimits) {
      const value = limits[name]
      if (value !== undefined) found.push({ name, value, pointer: `/limits/${name}` })
    }
    if (limits.cpus !== undefined)
      found.push({ name: 'cpuMillis', value: limits.cpus * 1000, pointer: '/limits/cpus' })
  }
  if (spec.expiresAfterMs !== undefined)
    found.push({ name: 'expiresAfterMs', value: spec.expiresAfterMs, pointer: '/expiresAfterMs' })
  if (spec.retry !== undefined)
    found.push({ name: 'attempts', value: spec.retry.attempts, pointer: '/retry/attempts' })
  return found
}

function askedStdin(spec: JobSpec): Asked<number> | null {
  if (spec.stdinBase64 !== undefined)
    return { value: base64Bytes(spec.stdinBase64), pointer: '/stdinBase64' }
  return spec.stdin === undefined
    ? null
    : { value: Buffer.byteLength(spec.stdin), pointer: '/stdin' }
}

export function askOfJob(spec: JobSpec): Ask {
  return {
    language: asked(spec.language, '/language'),
    sourceBytes:
      spec.source === undefined
        ? null
        : { value: Buffer.byteLength(spec.source), pointer: '/source' },
    image: asked(spec.image, '/image'),
    argv:
      spec.command === undefined
        ? askedList(spec.arguments, '/arguments')
        : askedList(spec.command, '/command'),
    steps: spec.steps?.map(askedStep) ?? [],
    session:
      spec.session === undefined
        ? null
        : { pointer: '/session', idleMs: asked(spec.session.idleMs, '/session/idleMs') },
    directory: asked(spec.workdir, '/workdir'),
    environment: askedSettings(spec.env, '/env'),
    secrets: spec.secrets?.map(askedSecret) ?? [],
    artifacts:
      spec.artifacts?.map(({ path, when }, index) => ({
        ...{ value: path, when, pointer: `/artifacts/${index}/path` },
      })) ?? [],
    files: spec.files?.map(askedFile) ?? [],
    stdinBytes: askedStdin(spec),
    tests: asked(spec.tests?.length, '/tests'),
    limits: askedLimits(spec),
    network: asked(spec.network, '/network'),
    namespaces: askedNamespaces(spec.namespaces),
    mounts: askedMounts(spec),
    devices: askedList(spec.devices, '/devices'),
    sysctls: askedSettings(spec.sysctls, '/sysctls'),
    capabilitiesAdded: askedList(spec.capabilities?.add, '/capabilities/add'),
    capabilitiesDropped: askedList(spec.capabilities?.drop, '/capabilities/drop'),
    privileged: asked(spec.privileged, '/privileged'),
    setuid: asked(spec.allowSetuid, '/allowSetuid'),
    seccomp: asked(spec.seccomp, '/seccomp'),
    seccompAudit: asked(spec.seccompAudit, '/seccompAudit'),
    apparmor: asked(spec.apparmor, '/apparmor'),
    uid: asked(spec.user?.uid, '/user/uid'),
    gid: asked(spec.user?.gid, '/user/gid'),
    callback: asked(spec.callback, '/callback'),
    after:
      spec.after?.map(({ job }, index) => ({ value: job, pointer: `/after/${index}/job` })) ?? [],
    callbackOn: asked(spec.callbackOn, '/callbackOn'),
    labels: askedSettings(spec.labels, '/labels'),
    priority: asked(spec.priority, '/priority'),
  }
}
