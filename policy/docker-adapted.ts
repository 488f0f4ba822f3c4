// What an adapter makes of a request: the ask that the rules judge, what only the Docker door knows, and how the engine’s request is
// written once all is allowed.
import type { Violation } from '../contract/verdict.js'
import type { Ask, Asked } from './ask.js'
import type { DockerCall, DockerContext } from './docker-door.js'
import type { DockerFields } from './docker-fields.js'
import type { DockerRuleId } from './docker-rules.js'
import type { Given } from './given.js'
import type { ResolvedLimits } from './resolve.js'

/** What is written in place of what was asked. */
export type Written = {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** A wish beside the ask’s one of its kind, such as a second network or group, and the rules that judge it. */
export type FurtherAsk = { readonly ask: Ask; readonly rules: readonly string[] }

export type Adapted = {
  readonly ask: Ask
  readonly further: readonly FurtherAsk[]
  readonly given: Given
  /** Set where an image is named that the tenant does not have. */
  readonly missingImage: Asked<string> | null
  readonly write: (limits: ResolvedLimits) => Written
}

/** Reasons that only this door has, and changes worth telling. */
export class Findings {
  readonly violations: Violation[] = []
  readonly warnings: string[] = []

  deny(rule: DockerRuleId, asked: { readonly pointer: string } | string, message: string): void {
    const pointer = typeof asked === 'string' ? asked : asked.pointer
    this.violations.push({ rule, pointer, message })
  }

  warn(message: string): void {
    this.warnings.push(message)
  }
}

export type Subject = {
  readonly call: DockerCall
  readonly context: DockerContext
  readonly body: DockerFields
  readonly query: DockerFields
  /** Of the passed fields, already in their places. */
  readonly passed: Readonly<Record<string, unknown>>
  readonly passedQuery: Readonly<Record<string, unknown>>
  readonly findings: Findings
}

export type Adapter = (subject: Subject) => Adapted

export const askNothing: Ask = {
  language: null,
  sourceBytes: null,
  image: null,
  argv: [],
  steps: [],
  artifacts: [],
  session: null,
  directory: null,
  environment: [],
  secrets: [],
  files: [],
  stdinBytes: null,
  tests: null,
  limits: [],
  network: null,
  namespaces: [],
  mounts: [],
  devices: [],
  sysctls: [],
  capabilitiesAdded: [],
  capabilitiesDropped: [],
  privileged: null,
  setuid: null,
  seccomp: null,
  seccompAudit: null,
  apparmor: null,
  uid: null,
  gid: null,
  callback: null,
  callbackOn: null,
  after: [],
  labels: [],
  priority: null,
}

/** The network words that every container may use: they all come to the tenant’s own. */
export const networkWords = ['default', 'bridge', 'none'] as const

export function givenByEngine(
  context: DockerContext,
  own: { readonly networks?: readonly string[]; readonly peers?: readonly string[] },
): Given {
  const { docker } = context.grant.grant
  return {
    capabilities: [...docker.capabilities, ...docker.capabilitiesAdded],
    networks: [...networkWords, ...(own.networks ?? [])],
    peers: own.peers ?? [],
    mounts: true,
    imageCommand: true,
  }
}
