// Job: what a caller reads back. What was asked is not repeated; what happened is.
import { type Static, Type } from 'typebox'
import { Dependency } from './dependency.js'
import { OutcomeSchema, StepOutcomeSchema } from './outcome.js'
import { SeccompProfile } from './profile.js'
import { Receipt } from './receipt.js'
import { PassedOn } from './step.js'
import { JudgingResult, TestResult } from './test-result.js'
import { Warning } from './verdict.js'

const closed = { additionalProperties: false } as const
const count = (description: string) => Type.Integer({ minimum: 0, description })

export const Cause = Type.Object(
  {
    message: Type.String({ description: 'One sentence for a person.' }),
    limit: Type.Optional(
      Type.String({ description: 'The limit that was reached, by its name in `limits`.' }),
    ),
    limitValue: Type.Optional(Type.Number({ description: 'Its value.' })),
    reached: Type.Optional(Type.Number({ description: 'What was reached, in the same unit.' })),
    atMs: Type.Optional(
      Type.Number({
        minimum: 0,
        description:
          'When, in milliseconds after the start of the step. Of a full disk and of refused processes: when it was first seen, ' +
          'since the kernel does not tell; it is looked at after 20 ms, then whenever another sixteenth of the time has gone by ' +
          '(at least 20 ms), and at the end.',
      }),
    ),
    syscall: Type.Optional(
      Type.String({
        description:
          'For `syscall-denied`: the system call, by name, or, by another architecture’s door, its number there: `20 of i386`.',
      }),
    ),
    argumentClass: Type.Optional(
      Type.String({
        description:
          'Which kind of it was refused, where others are let through: `socket family 38`.',
      }),
    ),
    signal: Type.Optional(Type.String({ description: 'The signal that ended the program.' })),
    stage: Type.Optional(
      Type.String({ description: 'For `sandbox-error`: where in our own work it failed.' }),
    ),
    job: Type.Optional(
      Type.String({
        description: 'The job that this one was to run after, and whose end was no `ok`.',
      }),
    ),
    errno: Type.Optional(
      Type.Integer({ description: 'The kernel’s error number, if there was one.' }),
    ),
  },
  { ...closed, description: 'Why the outcome is what it is, with figures.' },
)

export const Usage = Type.Object(
  {
    wallMs: Type.Number({
      minimum: 0,
      description: 'From the first instruction to the end, milliseconds.',
    }),
    cpuMs: Type.Number({
      minimum: 0,
      description: 'Processor time by the cgroup’s counter, milliseconds.',
    }),
    userMs: Type.Number({
      minimum: 0,
      description: 'Of that, in user mode (coarser than `cpuMs`).',
    }),
    systemMs: Type.Number({
      minimum: 0,
      description: 'Of that, in the kernel (coarser than `cpuMs`).',
    }),
    memoryPeakBytes: count('Peak memory by the cgroup’s counter, bytes.'),
    processPeak: count('Most processes and threads at one time.'),
    outputBytes: count('Bytes written to standard output and standard error.'),
    diskBytes: count('Bytes in files at the end.'),
    throttledMs: Type.Number({
      minimum: 0,
      description: 'Time the program was held back by its cpu share, milliseconds.',
    }),
  },
  { ...closed, description: 'What the run cost.' },
)

const CapabilityMask = Type.String({ pattern: '^[0-9a-f]{16}$' })

export const Isolation = Type.Object(
  {
    runtime: Type.Literal('native'),
    cgroupVersion: Type.Integer({ minimum: 1, maximum: 2 }),
    uidMap: Type.String({ description: 'Inside, host, count.' }),
    gidMap: Type.String({ description: 'Inside, host, count.' }),
    uid: count('User id inside.'),
    gid: count('Group id inside.'),
    namespaces: Type.Array(Type.String(), {
      description: 'Namespaces of its own, checked to differ from the host’s.',
    }),
    capabilities: Type.Object(
      {
        inheritable: CapabilityMask,
        permitted: CapabilityMask,
        effective: CapabilityMask,
        bounding: CapabilityMask,
        ambient: CapabilityMask,
      },
      closed,
    ),
    noNewPrivileges: Type.Boolean(),
    seccomp: Type.Object(
      {
        mode: Type.Integer(),
        filters: Type.Integer(),
        profile: Type.String(),
        digest: Type.String({ description: 'SHA-256 of the compiled program.' }),
      },
      closed,
    ),
    landlock: Type.Object({ abi: Type.Integer(), restricted: Type.Boolean() }, closed),
    apparmor: Type.String({
      description: 'The label in force, or `none` where the kernel has no AppArmor.',
    }),
    network: Type.String(),
    limits: Type.Object(
      {
        memoryBytes: count('The cgroup’s memory limit as read back.'),
        swapBytes: count('The cgroup’s swap allowance as read back.'),
        processes: count('The cgroup’s process limit as read back.'),
        cpuQuotaUs: Type.Integer(),
        cpuPeriodUs: Type.Integer(),
      },
      closed,
    ),
    imageDigest: Type.String(),
  },
  {
    ...closed,
    description:
      'What protection was in force, read back from the kernel before the first instruction.',
  },
)

/** Bytes as text when they are UTF-8, else as base64: never mangled. */
export const Output = Type.Object(
  {
    encoding: Type.Enum(['utf8', 'base64']),
    data: Type.String(),
  },
  closed,
)

/** Different calls that a result lists of one step. */
export const refusedCallsMax = 16

export const RefusedCall = Type.Object(
  {
    syscall: Type.String({ description: 'The system call, as in `cause`.' }),
    argumentClass: Type.Optional(
      Type.String({
        description: 'Which kind of it, where the filter looked at arguments: `socket family 38`.',
      }),
    ),
    answer: Type.String({ description: 'What it got: an errno by name, or `killed`.' }),
    count: count('How often.'),
    firstMs: Type.Number({
      minimum: 0,
      description: 'The first time, in milliseconds after the start of the step.',
    }),
  },
  { ...closed, description: 'A system call that the filter refused.' },
)

export const RefusedCalls = Type.Object(
  {
    calls: Type.Array(RefusedCall, { maxItems: refusedCallsMax }),
    notListed: count('Further refused calls, for which the list had no room.'),
  },
  closed,
)

export const SeccompAudit = Type.Object(
  {
    profile: Type.String({ description: 'The audited profile. It was not in force.' }),
    refused: RefusedCalls,
  },
  { ...closed, description: 'What another profile would have refused.' },
)

export const SeccompLearned = Type.Object(
  {
    profile: SeccompProfile,
    used: count('Different system calls that the program made.'),
    unused: Type.Array(Type.String(), {
      description: 'Calls that the profile in force lets through and the proposal does not.',
    }),
    narrowed: Type.Array(Type.String(), {
      description: 'Calls that the proposal lets through in fewer forms than the profile in force.',
    }),
    complete: Type.Boolean({
      description: 'Whether every call that was made is in the proposal.',
    }),
  },
  {
    ...closed,
    description: 'A minimal profile proposed from what the program did, and what it leaves out.',
  },
)

export const StepResult = Type.Object(
  {
    name: Type.String(),
    outcome: StepOutcomeSchema,
    cause: Type.Optional(Cause),
    exitCode: Type.Union([Type.Integer(), Type.Null()]),
    signal: Type.Union([Type.String(), Type.Null()]),
    stdout: Type.String(),
    stderr: Type.String(),
    encoding: Type.Object(
      { stdout: Type.Enum(['utf8', 'base64']), stderr: Type.Enum(['utf8', 'base64']) },
      {
        ...closed,
        description:
          '`base64` where the bytes are not UTF-8, or hold so many control characters that JSON would make them several times as long.',
      },
    ),
    truncated: Type.Boolean({ description: 'Whether output was cut at `outputBytes`.' }),
    usage: Usage,
    isolation: Type.Union([Isolation, Type.Null()]),
    refusedCalls: Type.Optional(
      Type.Object(RefusedCalls.properties, {
        ...closed,
        description:
          'System calls that the filter refused, also where the program went on. Absent when there were none.',
      }),
    ),
    passedOn: Type.Optional(PassedOn),
    seccompAudit: Type.Optional(SeccompAudit),
    seccompLearned: Type.Optional(SeccompLearned),
  },
  closed,
)

export const jobStates = ['queued', 'running', 'finished'] as const
export type JobState = (typeof jobStates)[number]

const Instant = Type.String({ description: 'RFC 3339, UTC, milliseconds.' })
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

export const Job = Type.Object(
  {
    id: Type.String({ pattern: '^job_[0-9a-z]{26}$' }),
    state: Type.Enum([...jobStates]),
    outcome: orNull(OutcomeSchema),
    cause: orNull(Cause),
    exitCode: orNull(Type.Integer()),
    signal: orNull(Type.String()),
    stdout: orNull(Type.String()),
    stderr: orNull(Type.String()),
    encoding: orNull(
      Type.Object(
        { stdout: Type.Enum(['utf8', 'base64']), stderr: Type.Enum(['utf8', 'base64']) },
        closed,
      ),
    ),
    truncated: Type.Boolean(),
    usage: orNull(Usage),
    isolation: orNull(Isolation),
    steps: Type.Array(StepResult),
    failedStep: orNull(Type.String()),
    tests: Type.Optional(
      Type.Array(TestResult, {
        description:
          'Each test in the order in which it was sent. Absent without tests, and in lists.',
      }),
    ),
    judging: Type.Optional(JudgingResult),
    languageVersion: Type.Optional(
      Type.String({
        description: 'The exact version of the language that ran, as its package has it.',
      }),
    ),
    attempts: Type.Integer({ minimum: 0, description: 'Runs so far.' }),
    language: orNull(Type.String()),
    image: orNull(Type.String()),
    labels: Type.Record(Type.String(), Type.String()),
    grant: Type.Object({ name: Type.String(), revision: Type.String() }, closed),
    after: Type.Optional(
      Type.Array(Dependency, { description: 'Jobs that had to end before this one could run.' }),
    ),
    batch: Type.Optional(
      Type.Object(
        { id: Type.String(), name: Type.String({ description: 'Empty where it has none.' }) },
        { ...closed, description: 'The batch that it came with.' },
      ),
    ),
    warnings: Type.Optional(
      Type.Array(Warning, {
        description:
          'What policy allowed and thinks unwise. Absent where there is nothing, and in lists.',
      }),
    ),
    createdAt: Instant,
    startedAt: orNull(Instant),
    finishedAt: orNull(Instant),
    receipt: Type.Union([Receipt, Type.Null()], {
      description:
        'A signed statement of this run. Null before the end, where nothing ran, and in lists.',
    }),
  },
  { ...closed, $id: 'Job', description: 'A job as it stands.' },
)

export type Cause = Static<typeof Cause>
export type RefusedCall = Static<typeof RefusedCall>
export type RefusedCalls = Static<typeof RefusedCalls>
export type SeccompLearned = Static<typeof SeccompLearned>
export type Usage = Static<typeof Usage>
export type Isolation = Static<typeof Isolation>
export type StepResult = Static<typeof StepResult>
export type Job = Static<typeof Job>

/** Output that lies in a file of the output store; `encoding` says how it is given to a caller. */
export const OutputFile = Type.Object(
  {
    digest: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the bytes.' }),
    bytes: count('How many.'),
  },
  closed,
)
export type OutputFile = Static<typeof OutputFile>

/** Output as the record has it: small output itself, the name of the file of large output. */
const KeptOutput = Type.Union([Type.String(), OutputFile])
export type KeptOutput = Static<typeof KeptOutput>

/** Output above this lies in a file, and never whole in Redis or in a process of ours. Bytes. */
export const inlineOutputBytesMax = 16_384

export const KeptStep = Type.Object(
  { ...StepResult.properties, stdout: KeptOutput, stderr: KeptOutput },
  closed,
)
export type KeptStep = Static<typeof KeptStep>

/** A Job whose large output is still in its files. */
export type KeptJob = Omit<Job, 'stdout' | 'stderr' | 'steps'> & {
  stdout: KeptOutput | null
  stderr: KeptOutput | null
  steps: KeptStep[]
}

/** What the worker commits: the part of a Job that a run decides. */
export const RunResult = Type.Object(
  {
    outcome: OutcomeSchema,
    cause: orNull(Cause),
    failedStep: orNull(Type.String()),
    steps: Type.Array(KeptStep),
    tests: Type.Optional(Type.Array(TestResult)),
    judging: Type.Optional(JudgingResult),
    languageVersion: Type.Optional(Type.String()),
  },
  { ...closed, $id: 'RunResult' },
)
export type RunResult = Static<typeof RunResult>
