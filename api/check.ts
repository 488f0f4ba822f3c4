// Validation by schema, compiled once: every fault at once, as violations with JSON pointers.
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { ErrorCode } from '../contract/error.js'
import type { Violation } from '../contract/verdict.js'
import { Refusal } from './problem.js'

const faultsMax = 100

type Fault = {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params?: object
}

type Params = {
  readonly additionalProperties?: readonly string[]
  readonly requiredProperties?: readonly string[]
}

const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** Unknown and missing fields are reported where they stand or should, not on their parent. */
function violationsOf(fault: Fault, prefix: string): Violation[] {
  // TypeBox reports an unknown field twice; the other report has its name.
  if (fault.keyword === 'boolean') return []
  const { additionalProperties, requiredProperties } = (fault.params ?? {}) as Params
  const at = (name: string, message: string): Violation => ({
    rule: 'schema',
    pointer: `${prefix}${fault.instancePath}/${escapePointer(name)}`,
    message,
  })
  if (additionalProperties !== undefined)
    return additionalProperties.map((name) => at(name, 'is unknown'))
  if (requiredProperties !== undefined)
    return requiredProperties.map((name) => at(name, 'is required'))
  return [{ rule: 'schema', pointer: `${prefix}${fault.instancePath}`, message: fault.message }]
}

/** A function that returns the value when it matches, and throws a Refusal with every fault when not. */
export function checker<Schema extends TSchema>(
  schema: Schema,
  code: ErrorCode,
  prefix = '',
): (value: unknown) => Static<Schema> {
  const compiled = Compile(schema)
  return (value) => {
    if (compiled.Check(value)) return value as Static<Schema>
    const faults = (compiled.Errors(value) as readonly Fault[]).slice(0, faultsMax)
    const violations = faults.flatMap((fault) => violationsOf(fault, prefix))
    const detail = violations
      .map((violation) => `${violation.pointer} ${violation.message}`)
      .join('; ')
    throw new Refusal(code, detail.slice(0, 1000), { violations })
  }
}
