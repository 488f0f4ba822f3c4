// A language’s runtime must fit the limits: what it needs itself, before the program does anything.
import type { Language } from '../contract/catalogue.js'
import type { Ask, LimitName } from './ask.js'
import { type Bound, limitInWords, limitValue } from './limit-bound.js'
import { untrusted } from './preset-untrusted.js'
import { allowed, type Context, type Denial, type Judge, type Rule, replaceBy } from './rule.js'
import { quantity } from './wording.js'

type Need = { readonly name: LimitName; readonly least: number; readonly compile: number }

function needsOf(language: Language, { grant }: Context): readonly Need[] {
  const { compileProcesses, compileMemoryBytes } = grant.limits
  return [
    { name: 'processes', least: language.processesMinimum, compile: compileProcesses },
    { name: 'memoryBytes', least: language.memoryMinimumBytes, compile: compileMemoryBytes },
  ]
}

function judgeNeed(ask: Ask, context: Context, language: Language, need: Need): Denial | null {
  const least = quantity(need.name, need.least)
  const compiles = language.compile !== null
  if (
    context.grant.limits[need.name].maximum < need.least ||
    (compiles && need.compile < need.least)
  )
    return {
      pointer: ask.language?.pointer ?? '',
      message: `${language.title} needs ${need.name} of ${least}, more than the grant ${context.grant.name} gives.`,
    }
  const asked = ask.limits.find((limit) => limit.name === need.name)
  if (asked === undefined || asked.value >= need.least) return null
  return {
    pointer: asked.pointer,
    message: `Asked ${quantity(need.name, asked.value)}; ${language.title} needs at least ${least} to start.`,
  }
}

const judge: Judge = (ask, context) => {
  const { language } = context.resolved
  if (language === null) return allowed
  return needsOf(language, context)
    .map((need) => judgeNeed(ask, context, language, need))
    .filter((denial) => denial !== null)
}

/** What the language needs of a limit. Where the grant itself gives less, no limit would do. */
const leastFor: Bound = (name, { resolved: { language } }) =>
  name === 'processes' ? language?.processesMinimum : language?.memoryMinimumBytes

export const runtimeMinimum: Rule = {
  id: 'runtime-minimum',
  title: 'Room for the language’s own runtime',
  why: 'A virtual machine that cannot start under its limits fails in ways that look like the program’s fault, or like ours.',
  references: ['CWE-770 (allocation without limits)'],
  allows: (denied) => limitInWords('at least', denied, leastFor),
  repair: (denied) => replaceBy(limitValue(denied, leastFor)),
  fields: ['/language', '/limits/processes', '/limits/memoryBytes'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'as much as it needs', job: { language: 'java', limits: { processes: 32 } } },
      { name: 'nothing asked', job: { language: 'java' } },
    ],
    deny: [
      {
        name: 'one process for a virtual machine',
        job: { language: 'java', limits: { processes: 1 } },
      },
      {
        name: 'too little memory',
        job: { language: 'java', limits: { memoryBytes: 16777216, diskBytes: 16777216 } },
      },
      {
        name: 'a grant that is too small',
        job: { language: 'java' },
        grant: { limits: { ...untrusted.limits, processes: { default: 4, maximum: 8 } } },
      },
      {
        name: 'a grant too small to compile',
        job: { language: 'java' },
        grant: { limits: { ...untrusted.limits, compileProcesses: 4 } },
      },
    ],
  }),
}
