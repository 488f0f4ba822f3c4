// Security of a container: options, capabilities, namespaces, settings of the kernel, as parts of the ask, and the protections that every
// container gets, written out.
import type { Grant } from '../contract/grant.js'
import type { Ask, Asked, AskedNamespace, AskedSetting, NamespaceKind } from './ask.js'
import { canonicalCapability } from './capability-name.js'
import type { Subject } from './docker-adapted.js'
import type { DockerContext } from './docker-door.js'
import type { DockerFields } from './docker-fields.js'

type SecurityAsk = Pick<Ask, 'seccomp' | 'apparmor' | 'setuid'>

/** `key=value`, `key:value` as older clients have it, or a word alone. */
function optionOf(text: string): readonly [key: string, value: string | null] {
  const at = text.search(text.includes('=') ? '=' : ':')
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
}

/** An option that says what is so anyway is taken; of each kind the last one counts, as with the engine. */
export function askedSecurity(
  { context, findings }: Subject,
  options: readonly Asked<string>[],
): SecurityAsk {
  const asked: { -readonly [key in keyof SecurityAsk]: SecurityAsk[key] } = {
    seccomp: null,
    apparmor: null,
    setuid: null,
  }
  for (const { value: text, pointer } of options) {
    const [key, value] = optionOf(text)
    if (key === 'no-new-privileges') {
      if (value !== null && !/^(1|t|true)$/i.test(value)) asked.setuid = { value: true, pointer }
    } else if (key === 'seccomp' && value !== null) asked.seccomp = { value, pointer }
    else if (key === 'apparmor' && value !== null) {
      if (value !== context.apparmor || context.apparmor === null)
        asked.apparmor = { value, pointer }
    } else
      findings.deny(
        'docker-security-option',
        pointer,
        'Of security options there are seccomp=NAME, and no-new-privileges, which is always on.',
      )
  }
  return asked
}

/** The seccomp profile in force, by its name. */
export function seccompName(asked: Asked<string> | null, grant: Grant): string {
  return asked?.value ?? grant.seccompProfiles[0] ?? ''
}

/**
 * What the engine is told. A profile goes inline, so that the engine needs none of our files.
 * @throws Error where the profile is not there: such a request is denied.
 */
export function writtenSecurity(context: DockerContext, profile: string): string[] {
  const seccomp = context.seccompProfiles.get(profile)
  if (seccomp === undefined) throw new Error(`there is no seccomp profile ${profile}`)
  return [
    'no-new-privileges=true',
    `seccomp=${JSON.stringify(seccomp)}`,
    ...(context.apparmor === null ? [] : [`apparmor=${context.apparmor}`]),
  ]
}

/** What a container has: the grant’s usual ones, less what it drops, and what it adds. */
export function writtenCapabilities(ask: Ask, grant: Grant): string[] {
  const dropped = new Set(ask.capabilitiesDropped.map(({ value }) => canonicalCapability(value)))
  const kept = dropped.has('ALL')
    ? []
    : grant.docker.capabilities.filter((name) => !dropped.has(name))
  const added = ask.capabilitiesAdded.map(({ value }) => canonicalCapability(value))
  return [...new Set([...kept, ...added])].sort()
}

const modes: ReadonlyArray<readonly [field: string, kind: NamespaceKind]> = [
  ['PidMode', 'pid'],
  ['IpcMode', 'ipc'],
  ['UTSMode', 'uts'],
  ['UsernsMode', 'user'],
  ['CgroupnsMode', 'cgroup'],
  ['Cgroup', 'cgroup'],
]

/** Modes that ask for a namespace; `none` of ipc is a private one without shared memory. */
export function askedModes(body: DockerFields, at: string): AskedNamespace[] {
  const found: AskedNamespace[] = []
  for (const [field, kind] of modes) {
    const mode = body.text(`${at}/${field}`)
    if (mode !== null && !(kind === 'ipc' && mode.value === 'none')) found.push({ ...mode, kind })
  }
  return found
}

export const peerReference = (mode: string): string | null =>
  mode.startsWith('container:') ? mode.slice('container:'.length) : null

type Identity = {
  readonly uid: Asked<number> | null
  readonly gid: Asked<number> | null
  readonly written: string
}

/** What an id in text comes to; a name is root, another one, or none that a rule can judge. */
function idOf(text: string, pointer: string): Asked<number> | null {
  if (/^[0-9]+$/.test(text)) return { value: Number(text), pointer }
  if (text === 'root') return { value: 0, pointer }
  return null
}

const plainName = /^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}\$?$/

/** `user`, `user:group`, by number or by name of the image’s own files. Without root inside, only numbers can be judged. */
export function askedUser(
  { context, findings }: Pick<Subject, 'context' | 'findings'>,
  user: Asked<string> | null,
): Identity {
  const { rootInside } = context.grant.grant
  if (user === null) return { uid: null, gid: null, written: '' }
  const parts = user.value.split(':')
  for (const part of parts)
    if (!/^[0-9]+$/.test(part) && !plainName.test(part))
      findings.deny('docker-form', user, 'A user is `id`, `name`, `id:id` or `name:name`.')
    else if (idOf(part, '') === null && !rootInside)
      findings.deny(
        'docker-name',
        user,
        `The grant ${context.grant.grant.name} gives no root inside, and a name is what the image says it is. Give numbers.`,
      )
  if (parts.length > 2)
    findings.deny('docker-form', user, 'A user is `id`, `name`, `id:id` or `name:name`.')
  const [uid = '', gid = ''] = parts
  return { uid: idOf(uid, user.pointer), gid: idOf(gid, user.pointer), written: user.value }
}

/** `NAME=value`; a name alone takes a variable of the image away. */
export function askedEnvironment(variables: readonly Asked<string>[]): AskedSetting[] {
  return variables.map(({ value: text, pointer }) => {
    const at = text.indexOf('=')
    return at < 0
      ? { name: text, value: '', pointer }
      : { name: text.slice(0, at), value: text.slice(at + 1), pointer }
  })
}

/** Trees of /proc and /sys that tell of the host or change it: the engine’s own list and what newer engines have added. */
export const maskedPaths: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
]
export const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]
