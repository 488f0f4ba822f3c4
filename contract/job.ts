// JobSpec: what a caller may ask. The only place where a field of a job exists.
// Defaults are not here: the grant decides them (policy/plan.ts), so that a plan has no hidden value.
import { type Static, Type } from 'typebox'
import { artifactPatternsMax, JobArtifact } from './artifact.js'
import { After } from './dependency.js'
import { contentBytesMax, JobFile } from './job-file.js'
import { Limits } from './limits.js'
import { JobSecret, jobSecretsMax } from './secret.js'
import { SessionAsk } from './session-ask.js'
import { JobStep, jobStepsMax } from './step.js'
import { Judging, TestCase, testsMax } from './test-case.js'

const closed = { additionalProperties: false } as const

export const Mount = Type.Object(
  {
    type: Type.Enum(['bind', 'volume', 'tmpfs'], { description: 'What is mounted.' }),
    source: Type.Optional(
      Type.String({ maxLength: 4096, description: 'The host path or volume name.' }),
    ),
    target: Type.String({
      minLength: 1,
      maxLength: 4096,
      description: 'Where inside the sandbox.',
    }),
    readOnly: Type.Optional(Type.Boolean({ description: 'Whether writing is refused.' })),
  },
  closed,
)

const namespaceMode = (name: string) =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      description: `The ${name} namespace: \`private\`, or what one would like to share.`,
    }),
  )

export const Namespaces = Type.Object(
  {
    user: namespaceMode('user'),
    mount: namespaceMode('mount'),
    pid: namespaceMode('pid'),
    network: namespaceMode('network'),
    ipc: namespaceMode('ipc'),
    uts: namespaceMode('uts'),
    cgroup: namespaceMode('cgroup'),
    time: namespaceMode('time'),
  },
  closed,
)

const CapabilityName = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'A capability, with or without CAP_.',
})

export const Capabilities = Type.Object(
  {
    add: Type.Optional(
      Type.Array(CapabilityName, { maxItems: 64, description: 'Wanted beyond none.' }),
    ),
    drop: Type.Optional(
      Type.Array(CapabilityName, {
        maxItems: 64,
        description: 'Given up. All are dropped anyway.',
      }),
    ),
  },
  closed,
)

export const User = Type.Object(
  {
    uid: Type.Integer({
      minimum: 0,
      maximum: 65533,
      description: 'User id inside the sandbox. 0 is root inside only.',
    }),
    gid: Type.Integer({ minimum: 0, maximum: 65533, description: 'Group id inside the sandbox.' }),
  },
  closed,
)

export const Retry = Type.Object(
  {
    attempts: Type.Integer({
      minimum: 1,
      maximum: 10,
      description:
        'Runs at most when the fault is ours (`sandbox-error`). The program’s faults are never retried.',
    }),
  },
  closed,
)

export const JobSpec = Type.Object(
  {
    language: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9+.-]{0,31}$',
        description: 'A language of /v1/languages. With `source`, or with `steps`.',
      }),
    ),
    source: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: contentBytesMax,
        description: 'The program’s text. With `language`.',
      }),
    ),
    image: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 512,
        description:
          'An image of /v1/images, by name or sha256 digest. With `command`, or with `steps`.',
      }),
    ),
    command: Type.Optional(
      Type.Array(Type.String({ maxLength: 131072 }), {
        minItems: 1,
        maxItems: 1024,
        description: 'The program and its arguments. No shell is between. With `image`.',
      }),
    ),
    session: Type.Optional(SessionAsk),
    steps: Type.Optional(
      Type.Array(JobStep, {
        minItems: 1,
        maxItems: jobStepsMax,
        description:
          'Several programs, one after the other, in one workspace of one sandbox. With `image`, or with `language` alone for its toolchain.',
      }),
    ),
    arguments: Type.Optional(
      Type.Array(Type.String({ maxLength: 131072 }), {
        maxItems: 1024,
        description: 'Arguments of a `language` program.',
      }),
    ),
    files: Type.Optional(
      Type.Array(JobFile, {
        maxItems: 1000,
        description: 'Files put into the workspace before the start.',
      }),
    ),
    stdin: Type.Optional(
      Type.String({
        maxLength: contentBytesMax,
        description: 'Standard input as text. Absent: empty.',
      }),
    ),
    stdinBase64: Type.Optional(
      Type.String({
        maxLength: Math.ceil(contentBytesMax / 3) * 4,
        description: 'Standard input as bytes, base64.',
      }),
    ),
    env: Type.Optional(
      Type.Record(Type.String({ maxLength: 256 }), Type.String({ maxLength: 131072 }), {
        maxProperties: 1000,
        description: 'Environment variables. Nothing is inherited from the service.',
      }),
    ),
    secrets: Type.Optional(
      Type.Array(JobSecret, {
        maxItems: jobSecretsMax,
        description: 'Values that nobody is told: sealed on their way, masked in output.',
      }),
    ),
    artifacts: Type.Optional(
      Type.Array(JobArtifact, {
        maxItems: artifactPatternsMax,
        description: 'Files of the workspace that are kept when the job has ended.',
      }),
    ),
    workdir: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description:
          'Absolute directory inside, where the program starts. Default: the workspace, /work.',
      }),
    ),
    limits: Type.Optional(Limits),
    network: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: '`none` (default) or `loopback`.' }),
    ),
    tests: Type.Optional(
      Type.Array(TestCase, {
        minItems: 1,
        maxItems: testsMax,
        description:
          'The program is built once and then run for each of them, each time in a fresh sandbox. It sees none of them but its own input.',
      }),
    ),
    judging: Type.Optional(Judging),
    mounts: Type.Optional(
      Type.Array(Mount, {
        maxItems: 64,
        description: 'Mounts wanted. Host paths are never given.',
      }),
    ),
    capabilities: Type.Optional(Capabilities),
    seccomp: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description:
          'A seccomp profile by name: `default`, `strict`, `build`. `learn` runs under the grant’s default profile and proposes a minimal one.',
      }),
    ),
    seccompAudit: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description:
          'A stricter profile by name, not in force: the result says what it would have refused.',
      }),
    ),
    apparmor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'An AppArmor profile by name.' }),
    ),
    privileged: Type.Optional(
      Type.Boolean({ description: 'Nobody gets this; asking is denied by policy.' }),
    ),
    allowSetuid: Type.Optional(
      Type.Boolean({
        description: 'Whether set-uid programs may gain privilege. Nobody gets this.',
      }),
    ),
    namespaces: Type.Optional(Namespaces),
    devices: Type.Optional(
      Type.Array(Type.String({ maxLength: 4096 }), {
        maxItems: 64,
        description: 'Host devices wanted. Nobody gets any.',
      }),
    ),
    sysctls: Type.Optional(
      Type.Record(Type.String({ maxLength: 256 }), Type.String({ maxLength: 1024 }), {
        maxProperties: 64,
        description: 'Kernel settings wanted. Nobody gets any.',
      }),
    ),
    user: Type.Optional(User),
    callback: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        description:
          'An address to be told when the job is queued, runs and has ended: a signed POST for each (docs/webhooks.md).',
      }),
    ),
    after: Type.Optional(After),
    callbackOn: Type.Optional(
      Type.Array(Type.Enum(['queued', 'running', 'finished']), {
        minItems: 1,
        maxItems: 3,
        description: 'Which states the `callback` is told of. Default: all three.',
      }),
    ),
    labels: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z0-9._/-]{1,64}$' }),
        Type.String({ maxLength: 256 }),
        {
          maxProperties: 32,
          additionalProperties: false,
          description:
            'The caller’s own notes; kept and given back. A list can be filtered by them.',
        },
      ),
    ),
    priority: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 9,
        description: 'Among the tenant’s own jobs: 0 first, 9 last. Default 5.',
      }),
    ),
    retry: Type.Optional(Retry),
    expiresAfterMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 7 * 24 * 3600 * 1000,
        description:
          'If it has not started by then, it ends as `expired`. Milliseconds from acceptance.',
      }),
    ),
  },
  { ...closed, $id: 'JobSpec', description: 'A job: what to run, with what, under which limits.' },
)

export type JobSpec = Static<typeof JobSpec>
export type Mount = Static<typeof Mount>
export type Namespaces = Static<typeof Namespaces>
