// The text of a grant file: YAML 1.2, strictly. No anchors or aliases (so no bombs), no tags, no second document,
// no key twice. Knows where each value stands, so that every fault has a line and a column.
import {
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import { keysOf } from './pointer.js'

/** Far above any grant. Characters. */
const textLengthMax = 65_536

export type Place = { readonly line: number; readonly column: number }
export type TextFault = Place & { readonly message: string }

export type GrantText = {
  readonly value: unknown
  readonly faults: readonly TextFault[]
  /** Where the value at a JSON pointer stands; the nearest enclosing one where the text does not say it. */
  readonly placeOf: (pointer: string) => Place
}

const start: Place = { line: 1, column: 1 }

function unreadable(message: string): GrantText {
  return { value: null, faults: [{ ...start, message }], placeOf: () => start }
}

/** One step down: the offset of the key where there is one, and the value below it. */
function stepDown(
  node: unknown,
  key: string,
): { offset: number | undefined; below: unknown } | null {
  if (isSeq(node)) {
    const below = node.items[Number(key)]
    return isNode(below) ? { offset: below.range?.[0], below } : null
  }
  if (!isMap(node)) return null
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
  return pair === undefined ? null : { offset: (pair.key as Node).range?.[0], below: pair.value }
}

function offsetOf(contents: unknown, pointer: string): number {
  let offset = isNode(contents) ? (contents.range?.[0] ?? 0) : 0
  let node = contents
  for (const key of keysOf(pointer)) {
    const step = stepDown(node, key)
    if (step === null) return offset
    offset = step.offset ?? offset
    node = step.below
  }
  return offset
}

type Offence = { readonly offset: number; readonly message: string }

/** What YAML allows and a grant does not need. */
function offences(document: ReturnType<typeof parseDocument>): Offence[] {
  const found: Offence[] = []
  const add = (node: Node, message: string) => found.push({ offset: node.range?.[0] ?? 0, message })
  visit(document, {
    Alias: (_key, node) => add(node, 'Aliases are not taken.'),
    Node: (_key, node) => {
      if ('anchor' in node && node.anchor !== undefined) add(node, 'Anchors are not taken.')
      if (node.tag !== undefined) add(node, 'Tags are not taken.')
    },
    Pair: (_key, pair) => {
      if (isPair(pair) && !(isScalar(pair.key) && typeof pair.key.value === 'string'))
        found.push({
          offset: isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0,
          message: 'Keys must be plain names.',
        })
    },
  })
  return found
}

/** A thousand open brackets are told of once. */
const faultsMax = 20

function bounded(faults: readonly TextFault[]): TextFault[] {
  const keyOf = ({ line, column, message }: TextFault): string => `${line}:${column}: ${message}`
  const different = new Map(faults.map((fault) => [keyOf(fault), fault]))
  return [...different.values()].slice(0, faultsMax)
}

function parse(text: string): GrantText {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    stringKeys: false,
    merge: false,
    prettyErrors: false,
    // At `silent` it says nothing of a second document, and takes the first.
    logLevel: 'error',
  })
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const syntax = bounded(
    [...document.errors, ...document.warnings].map((fault) => ({
      ...placeAt(fault.pos[0]),
      message: fault.message,
    })),
  )
  const further = syntax.length > 0 ? [] : offences(document)
  const faults = [
    ...syntax,
    ...further.map(({ offset, message }) => ({ ...placeAt(offset), message })),
  ]
  return {
    value: faults.length > 0 ? null : document.toJS({ maxAliasCount: 0 }),
    faults,
    placeOf: (pointer) => placeAt(offsetOf(document.contents, pointer)),
  }
}

/** Never throws: what the parser cannot bear, such as very deep nesting, is a fault at line 1. */
export function readGrantText(text: string): GrantText {
  if (text.length > textLengthMax)
    return unreadable(
      `A grant file has at most ${textLengthMax} characters; this has ${text.length}.`,
    )
  try {
    return parse(text)
  } catch (error) {
    return unreadable(`Cannot be read as YAML: ${error instanceof Error ? error.message : error}`)
  }
}
