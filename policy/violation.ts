// From a denial to a violation: with what was asked, what would be allowed, and where the rule is explained.
import { ruleDocs, type Violation } from '../contract/verdict.js'
import { valueAt } from './pointer.js'
import type { Denial, Denied, Rule } from './rule.js'

/** Data and secrets of the caller: they are told by size or name, and never repeated into answers and logs. */
const neverRepeated =
  /^\/(source|stdin|stdinBase64|callback|env\/|steps\/\d+\/(run|env\/)|secrets\/\d+\/value|files\/\d+\/content)/

const shownCharacters = 256

/** What stands at the pointer, and not much of it. */
function askedAt(request: unknown, pointer: string): unknown {
  if (pointer === '' || neverRepeated.test(pointer)) return undefined
  const value = valueAt(request, pointer)
  const text = typeof value === 'object' ? JSON.stringify(value) : value
  return typeof text === 'string' ? text.slice(0, shownCharacters) : text
}

function allowedBy(rule: Rule, denied: Denied): string {
  return typeof rule.allows === 'string' ? rule.allows : rule.allows(denied)
}

export function violationOf(
  rule: Rule,
  { pointer, message }: Denial,
  { ask, context, request }: Omit<Denied, 'pointer'> & { readonly request: unknown },
): Violation {
  const asked = askedAt(request, pointer)
  return {
    rule: rule.id,
    pointer,
    message,
    ...(asked === undefined ? {} : { asked }),
    allowed: allowedBy(rule, { pointer, ask, context }),
    docs: ruleDocs(rule.id),
  }
}
