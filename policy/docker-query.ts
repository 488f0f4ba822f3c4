// The query of a Docker request as a value of its shape: truth as engines read it, lists and maps as JSON.
import type { DockerShape } from '../contract/docker-container.js'
import type { Violation } from '../contract/verdict.js'
import { segment } from './ask.js'

export type QueryShape = Readonly<Record<string, DockerShape>>

export type ReadQuery = {
  readonly value: Readonly<Record<string, unknown>>
  readonly violations: readonly Violation[]
}

/** What engines read as false; all else is true (httputils.BoolValue). */
const falses = ['', '0', 'no', 'false', 'none']

function parsed(shape: DockerShape, text: string): unknown {
  if (shape === 'text' || shape === 'nothing' || shape === undefined) return text
  if (shape === 'truth') return !falses.includes(text.trim().toLowerCase())
  if (text === '') return null
  if (shape === 'number') return /^-?[0-9]{1,19}$/.test(text) ? Number(text) : undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A list of text may be given as one parameter a line or as JSON. */
function listed(texts: readonly string[]): unknown {
  const [first = ''] = texts
  return texts.length === 1 && first.startsWith('[')
    ? parsed(['text'], first)
    : texts.filter((text) => text !== '')
}

/** A parameter that is not in the shape is kept as text: the walk refuses it by name. */
export function readQuery(
  shape: QueryShape,
  query: Readonly<Record<string, readonly string[]>>,
): ReadQuery {
  const value: Record<string, unknown> = Object.create(null)
  const violations: Violation[] = []
  for (const [name, texts] of Object.entries(query)) {
    const kind = Object.hasOwn(shape, name) ? (shape[name] as DockerShape) : 'text'
    const pointer = `/${segment(name)}`
    const isList = kind === 'words' || (Array.isArray(kind) && kind[0] === 'text')
    if (texts.length > 1 && !isList) {
      violations.push({
        rule: 'docker-form',
        pointer,
        message: 'This parameter is given more than once.',
      })
      continue
    }
    const one = kind === 'words' ? texts : isList ? listed(texts) : parsed(kind, texts[0] ?? '')
    if (one === undefined)
      violations.push({
        rule: 'docker-form',
        pointer,
        message: 'This parameter is no number, or no JSON.',
      })
    else value[name] = one
  }
  return { value, violations }
}

/** A passed or written value as the engine’s query has it. */
export function queryText(value: unknown): readonly string[] {
  if (typeof value === 'boolean') return [value ? '1' : '0']
  if (Array.isArray(value)) return value.map(String)
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)]
}
