// Warnings: what a grant allows and is unwise all the same. They deny nothing, unless the grant says so (rule-warning-refused.ts).
import { ruleDocs, type Warning, warningsMax } from '../contract/verdict.js'
import type { Ask, Asked, LimitName } from './ask.js'
import { seccompLearn } from './ask.js'
import { allowed, type Context, type Denial, type Judge } from './rule.js'
import { everyArgument, everyLimit, everyVariable } from './step-ask.js'
import { quantity, quote } from './wording.js'

export type WarningRule = {
  /** Stable for ever, as a rule’s. */
  readonly id: string
  readonly title: string
  readonly why: string
  readonly references: readonly string[]
  readonly judge: Judge
}

const gibibyte = 1024 ** 3

const at = (asked: Asked<unknown>, message: string): readonly Denial[] => [
  { pointer: asked.pointer, message },
]

function limitAsked(ask: Ask, name: LimitName): Asked<number> | undefined {
  return ask.limits.find((limit) => limit.name === name)
}

const rootInside: WarningRule = {
  id: 'root-inside',
  title: 'Root inside',
  why: 'Root of a user namespace owns nothing outside, but a kernel fault that asks for it is met half-way; and a program that needs no root runs as well without.',
  references: ['CIS Docker 4.1 (a user for the container)', 'CVE-2022-0185'],
  judge: ({ uid, gid }) => {
    const root = [uid, gid].find((id) => id?.value === 0)
    return root ? at(root, 'Runs as root inside. Leave `user` out, and it runs as 1000.') : allowed
  },
}

const imageByName: WarningRule = {
  id: 'image-by-name',
  title: 'An image by name',
  why: 'A name is another image after the next build; a digest is the same for ever, and a receipt then says what the caller meant.',
  references: ['CIS Docker 5.27 (image version pinned)'],
  judge: ({ image }, { resolved }) =>
    image === null || image.value.includes(resolved.image?.digest ?? '')
      ? allowed
      : at(
          image,
          `Names the image ${quote(image.value)}, which may be another tomorrow. Give its digest: sha256:${resolved.image?.digest}.`,
        ),
}

/** A program that waits so much longer than it works mostly waits for ever. */
const wallPerCpu = 10

const wallBeyondCpu: WarningRule = {
  id: 'wall-beyond-cpu',
  title: 'A wall limit far above the processor limit',
  why: 'A program that hangs keeps its slot and its memory for the whole wall time, and no processor limit ends it.',
  references: ['CWE-400 (uncontrolled resource consumption)'],
  judge: (ask, { resolved }) => {
    const wall = limitAsked(ask, 'wallMs')
    const { cpuMs } = resolved.limits
    return wall === undefined || wall.value <= cpuMs * wallPerCpu
      ? allowed
      : at(
          wall,
          `May wait ${quantity('wallMs', wall.value)} and work ${quantity('cpuMs', cpuMs)}: one that hangs keeps its place so long.`,
        )
  },
}

const limitsUnnamed: WarningRule = {
  id: 'limits-unnamed',
  title: 'No limits, under a grant with large ones',
  why: 'Defaults of a generous grant are an hour’s bill for a job of a second; and where nothing is named, a loop is found late.',
  references: ['CIS Docker 5.10 (memory limited)', 'CIS Docker 5.11 (CPU share)'],
  judge: (ask, { grant, resolved }) => {
    const { wallMs, memoryBytes } = resolved.limits
    if (everyLimit(ask).length > 0 || (wallMs < 60_000 && memoryBytes < gibibyte)) return allowed
    return [
      {
        pointer: '',
        message: `Names no limits, so the grant ${grant.name} gives ${quantity('wallMs', wallMs)} and ${quantity('memoryBytes', memoryBytes)}. Name \`limits\`.`,
      },
    ]
  },
}

const diskFillsMemory: WarningRule = {
  id: 'disk-fills-memory',
  title: 'A disk of more than half the memory',
  why: 'Written files live in the memory of the job: a full disk leaves the program little, and it ends as out of memory instead of out of space.',
  references: ['CWE-770 (allocation without limits)'],
  judge: (ask, { resolved }) => {
    const disk = limitAsked(ask, 'diskBytes')
    const { memoryBytes } = resolved.limits
    return disk === undefined || disk.value * 2 <= memoryBytes
      ? allowed
      : at(
          disk,
          `Files of ${quantity('diskBytes', disk.value)} live in a memory of ${quantity('memoryBytes', memoryBytes)}. Ask more memoryBytes.`,
        )
  },
}

const secretName = /passw(or)?d|secret|token|api_?key|private_?key|credential/i

const secretInEnvironment: WarningRule = {
  id: 'secret-in-environment',
  title: 'A secret in the environment',
  why: 'Every process of the job inherits it, and crash reports and debug pages print it. A file is read by who looks for it.',
  references: ['CWE-526 (secrets in environment variables)'],
  judge: (ask) =>
    everyVariable(ask).length === 0
      ? allowed
      : everyVariable(ask)
          .filter(({ name, value }) => value !== '' && secretName.test(name))
          .map(({ name, pointer }) => ({
            pointer,
            message: `${quote(name)} looks like a secret: every process of the job sees it, and nothing masks it. Give it as one of \`secrets\`.`,
          })),
}

const secretArgument = /^--?[a-z-]*(password|secret|token|api-?key)[a-z-]*=./i

const secretInArguments: WarningRule = {
  id: 'secret-in-arguments',
  title: 'A secret in the arguments',
  why: 'Whoever sees a process sees its arguments, and tools log them.',
  references: ['CWE-214 (secrets in process arguments)'],
  judge: (ask) =>
    everyArgument(ask).length === 0
      ? allowed
      : everyArgument(ask)
          .filter(({ value }) => value.length < 4096 && secretArgument.test(value))
          .map(({ pointer }) => ({
            pointer,
            message: 'This argument looks like a secret. Give it as one of `secrets`.',
          })),
}

const callsWatched: WarningRule = {
  id: 'calls-watched',
  title: 'Every system call is looked at',
  why: 'Learning and auditing stop the program at each call: times are not those of the same job without.',
  references: ['seccomp_unotify(2)'],
  judge: ({ seccomp, seccompAudit }) => {
    const asked = seccomp?.value === seccompLearn ? seccomp : seccompAudit
    return asked === null ? allowed : at(asked, 'Makes the program slower: not for measuring.')
  },
}

export const warningRules: readonly WarningRule[] = [
  rootInside,
  imageByName,
  wallBeyondCpu,
  limitsUnnamed,
  diskFillsMemory,
  secretInEnvironment,
  secretInArguments,
  callsWatched,
]

const none: Warning[] = []

/** A warning that throws is none: it protects nothing. */
function judgeOrNothing({ judge }: WarningRule, ask: Ask, context: Context): readonly Denial[] {
  try {
    return judge(ask, context)
  } catch {
    return allowed
  }
}

/** The first of all that is unwise. Never throws. */
export function warningsOf(ask: Ask, context: Context): Warning[] {
  let warnings = none
  for (const warning of warningRules) {
    for (const { pointer, message } of judgeOrNothing(warning, ask, context)) {
      if (warnings.length === warningsMax) return warnings
      if (warnings === none) warnings = []
      warnings.push({ warning: warning.id, pointer, message, docs: ruleDocs(warning.id) })
    }
  }
  return warnings
}
