// What a denied limit could be instead: its bound under a rule, in words, and as the value that a corrected job would name.
import type { AskedLimit, LimitName } from './ask.js'
import type { Context, Denied } from './rule.js'
import { everyLimit } from './step-ask.js'
import { quantity } from './wording.js'

/** Where a job asks a limit. */
export const limitFields = [
  '/limits/wallMs',
  '/limits/cpuMs',
  '/limits/memoryBytes',
  '/limits/processes',
  '/limits/openFiles',
  '/limits/fileBytes',
  '/limits/diskBytes',
  '/limits/outputBytes',
  '/limits/cpus',
  '/expiresAfterMs',
  '/retry/attempts',
  '/steps/*/limits/wallMs',
  '/steps/*/limits/cpuMs',
  '/steps/*/limits/memoryBytes',
  '/steps/*/limits/processes',
  '/steps/*/limits/openFiles',
  '/steps/*/limits/fileBytes',
  '/steps/*/limits/outputBytes',
] as const

/** The bound of a limit; undefined where there is none. */
export type Bound = (name: LimitName, context: Context) => number | undefined

function limitAt({ pointer, ask }: Denied): AskedLimit | undefined {
  return everyLimit(ask).find((limit) => limit.pointer === pointer)
}

/** `cpus` is asked in processors and judged in thousandths. */
export function limitValue(denied: Denied, bound: Bound): number | undefined {
  const limit = limitAt(denied)
  const value = limit && bound(limit.name, denied.context)
  if (limit === undefined || value === undefined) return undefined
  return limit.name === 'cpuMillis' ? value / 1000 : value
}

export function limitInWords(how: 'at most' | 'at least', denied: Denied, bound: Bound): string {
  const limit = limitAt(denied)
  const value = limit && bound(limit.name, denied.context)
  if (limit === undefined || value === undefined) return 'another grant'
  return `${how} ${quantity(limit.name, value)}`
}
