// Grant: what a class of tenants may ask. Written in YAML by an operator; resolved here, with nothing left open.
import { type Static, Type } from 'typebox'
import { artifactFilesMax } from './artifact.js'
import { GrantDocker } from './grant-docker.js'
import { quotaFields } from './quota.js'
import { jobSecretsMax } from './secret.js'
import { jobStepsMax } from './step.js'
import { testsMax } from './test-case.js'

const closed = { additionalProperties: false } as const
const positive = (description: string) =>
  Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description })

const LimitPair = (description: string) =>
  Type.Object(
    { default: positive('When the job names none.'), maximum: positive('The most a job may ask.') },
    { ...closed, description },
  )

export const GrantLimits = Type.Object(
  {
    wallMs: LimitPair('Wall-clock time, milliseconds.'),
    cpuMs: LimitPair('Processor time, milliseconds.'),
    memoryBytes: LimitPair('Memory, bytes.'),
    processes: LimitPair('Processes and threads.'),
    openFiles: LimitPair('Open descriptors of one process.'),
    fileBytes: LimitPair('One file, bytes.'),
    diskBytes: LimitPair('All files, bytes.'),
    outputBytes: LimitPair('Standard output and error, bytes.'),
    cpuMillis: LimitPair('Processors in thousandths: 1000 is one.'),
    compileWallMs: positive('Wall-clock time of a compile step, milliseconds.'),
    compileCpuMs: positive('Processor time of a compile step, milliseconds.'),
    compileMemoryBytes: positive('Memory of a compile step, bytes.'),
    compileProcesses: positive('Processes of a compile step.'),
    expiresAfterMs: LimitPair('Time in the queue, milliseconds.'),
    diskInodes: positive('Files and directories written.'),
    stackBytes: positive('Stack of the main thread, bytes.'),
    attempts: LimitPair('Runs when the fault is ours.'),
  },
  closed,
)

export const presets = ['untrusted', 'grader', 'ci', 'platform'] as const
export type Preset = (typeof presets)[number]

export const Grant = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }),
    limits: GrantLimits,
    networks: Type.Array(Type.Enum(['none', 'loopback']), {
      minItems: 1,
      description: 'Networks a job may ask.',
    }),
    callbackOrigins: Type.Array(
      Type.String({
        pattern:
          '^https?://(\\*|(\\*\\.)?[a-z0-9][a-z0-9.-]{0,252}|\\[[0-9a-f:]{2,39}\\])(:\\d{1,5})?$',
      }),
      {
        maxItems: 1000,
        description:
          'Where callbacks may go: `https://*` (any public host, port 443 or 8443), `https://*.example.com`, or one origin such as `http://hooks.example.com:9000`. Empty: nowhere.',
      },
    ),
    callbackNetworks: Type.Array(Type.String({ pattern: '^[0-9a-f.:]{2,39}/\\d{1,3}$' }), {
      maxItems: 100,
      description:
        'Ranges that are not public and that callbacks may reach all the same, such as `10.1.0.0/16`. Loopback, link-local and private ones are refused unless they stand here.',
    }),
    images: Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
      minItems: 1,
      description: 'Image names or digests; `*` is every image of this machine.',
    }),
    languages: Type.Array(Type.String({ minLength: 1, maxLength: 32 }), {
      minItems: 1,
      description: 'Languages; `*` is every one.',
    }),
    capabilities: Type.Array(Type.String({ pattern: '^CAP_[A-Z_]{2,40}$' }), {
      description:
        'Capabilities a job may add. The native runtime gives none, so only the empty list can be kept today.',
    }),
    seccompProfiles: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }), {
      minItems: 1,
      description: 'The first is the default.',
    }),
    seccompLearning: Type.Boolean({
      description:
        'Whether a job may ask `seccomp: learn` or `seccompAudit`. Costs time of the launcher that is not the job’s: for trusted tenants.',
    }),
    tests: Type.Integer({
      minimum: 0,
      maximum: testsMax,
      description: 'Tests that a job may carry; 0: none.',
    }),
    rootInside: Type.Boolean({ description: 'Whether a job may be uid 0 inside its sandbox.' }),
    apparmorRequired: Type.Boolean({
      description: 'Refuse to run where the kernel has no AppArmor.',
    }),
    landlockAbiMinimum: Type.Integer({
      minimum: 0,
      maximum: 64,
      description: 'Refuse to run below this Landlock ABI.',
    }),
    procView: Type.Enum(['masked', 'pid-only'], { description: 'How much of /proc a job sees.' }),
    priorityMinimum: Type.Integer({
      minimum: 0,
      maximum: 9,
      description: 'The most urgent priority a job may ask.',
    }),
    warningsRefused: Type.Array(Type.String({ pattern: '^[a-z][a-z-]{1,62}$' }), {
      description: 'Warnings that deny a job here, by their ids: `image-by-name` wants digests.',
    }),
    steps: Type.Integer({
      minimum: 0,
      maximum: jobStepsMax,
      description:
        'Steps a job may have. All together have at most the maxima of `wallMs` and `cpuMs`. 0: a job runs one program.',
    }),
    secrets: Type.Integer({
      minimum: 0,
      maximum: jobSecretsMax,
      description: 'Secrets a job may have. 0: none, and the tenant stores none.',
    }),
    docker: GrantDocker,
    artifactFiles: Type.Integer({
      minimum: 0,
      maximum: artifactFilesMax,
      description: 'Artifacts that are kept of one job. 0: none.',
    }),
    artifactBytes: Type.Integer({
      minimum: 0,
      maximum: 2 ** 50,
      description: 'Bytes of all artifacts of one job. They count as its stored output.',
    }),
    ...quotaFields,
    weight: Type.Integer({
      minimum: 1,
      maximum: 1000,
      description:
        'A tenant’s share of the slots beside the others’, while all have jobs that wait: one of weight 200 gets twice what one of 100 gets.',
    }),
  },
  { ...closed, $id: 'Grant' },
)

export type Grant = Static<typeof Grant>
export type GrantLimits = Static<typeof GrantLimits>

/** The weight of a tenant of which nothing else is known. */
export const weightDefault = 100
/** What a job is taken to hold a slot before any has ended, and at most, milliseconds. */
export const runTimeUsualMs = 1000
export const slotMsMax = 7 * 24 * 3_600_000

/** Capabilities that the native runtime can hand to a job: none (design section 7: every set is empty). */
export const runtimeCapabilities: readonly string[] = []
