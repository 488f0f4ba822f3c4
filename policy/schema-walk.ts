// Schema walk: every fault of a value against one of our schemas, with its pointer and what would be right.
// The compiled validator says yes or no quickly; this says why. TypeBox’s own list ends after 8 faults.
import { segment } from './ask.js'
import { listing, quote } from './wording.js'

export type Fault = { readonly pointer: string; readonly message: string }

/** The keywords our schemas use. A test proves that they use no other. */
export type SchemaNode = {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly items?: SchemaNode
  readonly minItems?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly maxProperties?: number
}

/** More than this and the rest is only counted: the answer to a huge body of faults must stay small. */
export const faultsMax = 1000

type Walk = { readonly faults: Fault[]; left: number }

function add(walk: Walk, pointer: string, message: string): void {
  if (walk.faults.length < faultsMax) walk.faults.push({ pointer, message })
  else walk.left += 1
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function lengthInWords(node: SchemaNode): string {
  return `${node.minLength ?? 0} to ${node.maxLength ?? 'any number of'} characters`
}

/** In code points, as JSON Schema counts; not counted where the answer is clear from the code units. */
function lengthOf(text: string, node: SchemaNode): number {
  const most = node.maxLength ?? Number.POSITIVE_INFINITY
  if (text.length <= most && text.length >= 2 * (node.minLength ?? 0)) return text.length
  if (text.length > 2 * most) return text.length
  let points = 0
  for (const _point of text) points += 1
  return points
}

const patterns = new Map<string, RegExp>()
/** Patterns are ours, from contract/, and are matched in linear time. */
function matches(pattern: string, text: string): boolean {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    compiled = new RegExp(pattern, 'u')
    patterns.set(pattern, compiled)
  }
  return compiled.test(text)
}

function walkString(node: SchemaNode, value: unknown, pointer: string, walk: Walk): void {
  if (typeof value !== 'string') {
    add(walk, pointer, `Must be a string, not ${kindOf(value)}.`)
    return
  }
  const length = lengthOf(value, node)
  if (length < (node.minLength ?? 0) || length > (node.maxLength ?? Number.POSITIVE_INFINITY))
    add(walk, pointer, `Must have ${lengthInWords(node)}; this has ${length}.`)
  else if (node.pattern !== undefined && !matches(node.pattern, value))
    add(walk, pointer, `${quote(value)} does not match ${node.pattern}.`)
}

function boundsInWords(node: SchemaNode): string {
  const least =
    node.exclusiveMinimum === undefined
      ? `at least ${node.minimum ?? 'nothing'}`
      : `above ${node.exclusiveMinimum}`
  return node.maximum === undefined ? least : `${least} and at most ${node.maximum}`
}

function walkNumber(node: SchemaNode, value: unknown, pointer: string, walk: Walk): void {
  const whole = node.type === 'integer'
  const noun = whole ? 'an integer' : 'a number'
  if (typeof value !== 'number') {
    add(walk, pointer, `Must be ${noun}, not ${kindOf(value)}.`)
    return
  }
  const fits =
    (whole ? Number.isInteger(value) : Number.isFinite(value)) &&
    value >= (node.minimum ?? Number.NEGATIVE_INFINITY) &&
    value <= (node.maximum ?? Number.POSITIVE_INFINITY) &&
    value > (node.exclusiveMinimum ?? Number.NEGATIVE_INFINITY)
  if (!fits) add(walk, pointer, `Must be ${noun}, ${boundsInWords(node)}; got ${value}.`)
}

function walkArray(node: SchemaNode, value: unknown, pointer: string, walk: Walk): void {
  if (!Array.isArray(value)) {
    add(walk, pointer, `Must be an array, not ${kindOf(value)}.`)
    return
  }
  const most = node.maxItems ?? Number.POSITIVE_INFINITY
  if (value.length < (node.minItems ?? 0) || value.length > most) {
    const range = most === Number.POSITIVE_INFINITY ? 'or more' : `to ${most}`
    add(walk, pointer, `Must have ${node.minItems ?? 0} ${range} elements; got ${value.length}.`)
    if (value.length > most) return
  }
  for (let index = 0; index < value.length; index += 1)
    walkNode(node.items ?? {}, value[index], `${pointer}/${index}`, walk)
}

/** The schema of one member; undefined where the object may not have it. */
function memberSchema(node: SchemaNode, key: string): SchemaNode | undefined {
  if (node.properties !== undefined && Object.hasOwn(node.properties, key))
    return node.properties[key]
  const byPattern = Object.entries(node.patternProperties ?? {})
  const found = byPattern.find(([pattern]) => matches(pattern, key))
  if (found !== undefined) return found[1]
  // A record without a key rule takes any key, a line feed in it included, which `.` does not match.
  return node.additionalProperties === false ? undefined : byPattern[0]?.[1]
}

function unknownMember(node: SchemaNode): string {
  if (node.properties === undefined)
    return `Keys here must match ${listing(Object.keys(node.patternProperties ?? {}))}.`
  return `There is no such field. The fields here are ${listing(Object.keys(node.properties))}.`
}

function walkMembers(node: SchemaNode, value: object, pointer: string, walk: Walk): void {
  const members = Object.entries(value)
  const most = node.maxProperties ?? Number.POSITIVE_INFINITY
  if (members.length > most) {
    add(walk, pointer, `Must have at most ${most} members; got ${members.length}.`)
    return
  }
  for (const [key, member] of members) {
    const at = `${pointer}/${segment(key.length > 300 ? `${key.slice(0, 300)}…` : key)}`
    const schema = key === '__proto__' ? undefined : memberSchema(node, key)
    if (schema === undefined) add(walk, at, unknownMember(node))
    else walkNode(schema, member, at, walk)
  }
}

function walkObject(node: SchemaNode, value: unknown, pointer: string, walk: Walk): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    add(walk, pointer, `Must be an object, not ${kindOf(value)}.`)
    return
  }
  for (const key of node.required ?? [])
    if (!Object.hasOwn(value, key))
      add(walk, `${pointer}/${segment(key)}`, 'This field is required.')
  walkMembers(node, value, pointer, walk)
}

function walkNode(node: SchemaNode, value: unknown, pointer: string, walk: Walk): void {
  if (node.enum !== undefined) {
    if (!node.enum.includes(value))
      add(walk, pointer, `Must be one of ${listing(node.enum.map(String))}.`)
  } else if (node.type === 'string') walkString(node, value, pointer, walk)
  else if (node.type === 'integer' || node.type === 'number') walkNumber(node, value, pointer, walk)
  else if (node.type === 'array') walkArray(node, value, pointer, walk)
  else if (node.type === 'object') walkObject(node, value, pointer, walk)
  else if (node.type === 'boolean' && typeof value !== 'boolean')
    add(walk, pointer, `Must be true or false, not ${kindOf(value)}.`)
}

/** Every fault, in the order of the value; at most `faultsMax`, and then one that counts the rest. Never throws. */
export function walkSchema(schema: SchemaNode, value: unknown): Fault[] {
  const walk: Walk = { faults: [], left: 0 }
  walkNode(schema, value, '', walk)
  if (walk.left > 0)
    walk.faults.push({ pointer: '', message: `There are ${walk.left} more faults.` })
  return walk.faults
}
