// Ask: what a request wants of the world, in one canonical form, each part with a pointer back to the field it came from.
// Rules judge this and nothing else, so that a job and a Docker request get the same verdict. Absent means not asked.
import type { JobArtifact } from '../contract/artifact.js'
import type { StepCondition } from '../contract/step.js'

/** A value that was asked, and the JSON pointer (RFC 6901) of the field it came from. */
export type Asked<T> = { readonly value: T; readonly pointer: string }

export const namespaceKinds = [
  'user',
  'mount',
  'pid',
  'network',
  'ipc',
  'uts',
  'cgroup',
  'time',
] as const
export type NamespaceKind = (typeof namespaceKinds)[number]

/** The limits a request can name, by their names in a grant. Each has a default and a maximum there. */
export const limitNames = [
  'wallMs',
  'cpuMs',
  'memoryBytes',
  'processes',
  'openFiles',
  'fileBytes',
  'diskBytes',
  'outputBytes',
  'cpuMillis',
  'expiresAfterMs',
  'attempts',
] as const
export type LimitName = (typeof limitNames)[number]

export type AskedNamespace = Asked<string> & { readonly kind: NamespaceKind }
export type AskedLimit = Asked<number> & { readonly name: LimitName }
export type AskedSetting = Asked<string> & { readonly name: string }

export type AskedMount = {
  readonly pointer: string
  readonly type: 'bind' | 'volume' | 'tmpfs'
  readonly source: Asked<string> | null
  readonly target: Asked<string>
}

export type AskedFile = {
  readonly path: Asked<string>
  readonly mode: Asked<number> | null
  /** Size of the content, bytes. */
  readonly bytes: Asked<number>
}

/** One of several programs. What it does not ask, it has of the job. */
export type AskedStep = {
  readonly pointer: string
  readonly name: Asked<string>
  /** The whole argument vector; of a line for a shell, that line alone. */
  readonly argv: readonly Asked<string>[]
  readonly isLine: boolean
  readonly when: StepCondition
  readonly continueOnError: boolean
  readonly directory: Asked<string> | null
  readonly environment: readonly AskedSetting[]
  readonly limits: readonly AskedLimit[]
}

/** Its value is in no ask. */
export type AskedSecret = {
  readonly name: Asked<string>
  /** Null where only its name is known here. */
  readonly bytes: Asked<number> | null
  readonly mode: Asked<number> | null
}
/** That programs come later, while the sandbox lasts. */
export type AskedSession = { readonly pointer: string; readonly idleMs: Asked<number> | null }

export type AskedArtifact = Asked<string> & { readonly when: JobArtifact['when'] }

export type Ask = {
  readonly language: Asked<string> | null
  /** Size of the source in UTF-8, bytes. */
  readonly sourceBytes: Asked<number> | null
  readonly image: Asked<string> | null
  /** The whole argument vector of an image's command; for a language, what follows the program. */
  readonly argv: readonly Asked<string>[]
  readonly steps: readonly AskedStep[]
  readonly session: AskedSession | null
  readonly directory: Asked<string> | null
  readonly environment: readonly AskedSetting[]
  readonly secrets: readonly AskedSecret[]
  /** Patterns of paths. */
  readonly artifacts: readonly AskedArtifact[]
  readonly files: readonly AskedFile[]
  /** Size of standard input, bytes. */
  readonly stdinBytes: Asked<number> | null
  /** How many tests. Each is an ask of its own (judge-tests.ts). */
  readonly tests: Asked<number> | null
  readonly limits: readonly AskedLimit[]
  readonly network: Asked<string> | null
  readonly namespaces: readonly AskedNamespace[]
  readonly mounts: readonly AskedMount[]
  readonly devices: readonly Asked<string>[]
  readonly sysctls: readonly AskedSetting[]
  readonly capabilitiesAdded: readonly Asked<string>[]
  readonly capabilitiesDropped: readonly Asked<string>[]
  readonly privileged: Asked<boolean> | null
  readonly setuid: Asked<boolean> | null
  readonly seccomp: Asked<string> | null
  readonly seccompAudit: Asked<string> | null
  readonly apparmor: Asked<string> | null
  readonly uid: Asked<number> | null
  readonly gid: Asked<number> | null
  readonly callback: Asked<string> | null
  /** Jobs to run after, by id or by their names in a batch. */
  readonly after: readonly Asked<string>[]
  /** States of which the callback is told. */
  readonly callbackOn: Asked<readonly string[]> | null
  readonly labels: readonly AskedSetting[]
  readonly priority: Asked<number> | null
}

/** What `seccomp` says to learn a profile instead of naming one. */
export const seccompLearn = 'learn'

/** One segment of a JSON pointer, escaped (RFC 6901). */
export function segment(key: string): string {
  return key.includes('~') || key.includes('/')
    ? key.replaceAll('~', '~0').replaceAll('/', '~1')
    : key
}
