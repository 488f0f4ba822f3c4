// Walks a Docker request along its shape and its claims: unknown fields, wrong kinds and fields that must be empty are refused, what is
// passed is copied into a new value, and what is to be judged is listed, so that nothing can be forgotten.
import type { DockerShape } from '../contract/docker-container.js'
import type { Violation } from '../contract/verdict.js'
import { segment } from './ask.js'
import { claimOf, type DockerClaims } from './docker-claim.js'
import { saysNothing } from './docker-fields.js'
import { quote } from './wording.js'

export type Walked = {
  readonly violations: readonly Violation[]
  /** Of the passed fields alone, none of which is below an element of a list or a map. */
  readonly passed: Readonly<Record<string, unknown>>
  /** Places of judged fields that say something. */
  readonly judged: readonly string[]
}

type Walk = {
  readonly claims: DockerClaims
  readonly violations: Violation[]
  readonly passed: Record<string, unknown>
  readonly judged: string[]
}

/** A place: where it is in the request, and where in the shape. */
type Place = { readonly pointer: string; readonly field: string }

const violationsMax = 200

function refuse(walk: Walk, rule: string, pointer: string, message: string): void {
  if (walk.violations.length < violationsMax) walk.violations.push({ rule, pointer, message })
}

const kindsInWords = {
  text: 'text',
  words: 'text or a list of text',
  number: 'a number',
  truth: 'true or false',
  nothing: 'an empty object',
}

function isKind(kind: keyof typeof kindsInWords, value: unknown): boolean {
  if (kind === 'text') return typeof value === 'string'
  if (kind === 'words')
    return (
      typeof value === 'string' ||
      (Array.isArray(value) && value.every((one) => typeof one === 'string'))
    )
  if (kind === 'number') return typeof value === 'number' && Number.isFinite(value)
  if (kind === 'truth') return typeof value === 'boolean'
  return true
}

/** Puts a passed value where it stood; only along objects that have the shape of an object. */
function keep(walk: Walk, { pointer, field }: Place, value: unknown): void {
  const names = field.split('/').slice(1)
  if (pointer !== field) return
  let at = walk.passed
  for (const name of names.slice(0, -1)) {
    at[name] ??= {}
    at = at[name] as Record<string, unknown>
  }
  at[names.at(-1) ?? ''] = value
}

function walkClaimed(walk: Walk, place: Place, leaf: string, value: unknown): void {
  const claim = claimOf(walk.claims, leaf)
  if (claim === null)
    refuse(walk, 'docker-unknown-field', place.pointer, 'No rule knows this field.')
  else if (claim.kind === 'passed') keep(walk, place, value)
  else if (claim.kind === 'judged' && !saysNothing(value)) walk.judged.push(place.pointer)
  else if (claim.kind === 'empty' && !saysNothing(value) && !claim.neutral.includes(value))
    refuse(walk, 'docker-field', place.pointer, `Must be left out. ${claim.reason}`)
}

function walkObject(
  walk: Walk,
  shape: Readonly<Record<string, DockerShape>>,
  value: object,
  { pointer, field }: Place,
): void {
  for (const [key, member] of Object.entries(value)) {
    const at = `${pointer}/${segment(key.slice(0, 300))}`
    const known = Object.hasOwn(shape, key) ? key : Object.hasOwn(shape, '*') ? '*' : null
    if (known === null || key === '__proto__')
      refuse(walk, 'docker-unknown-field', at, `There is no field ${quote(key)}.`)
    else
      walkShape(walk, shape[known] as DockerShape, member, {
        pointer: at,
        field: `${field}/${known === '*' ? '*' : segment(key)}`,
      })
  }
}

/** A list or map of scalars is one value, and is claimed as one. */
function isFlat(shape: DockerShape): boolean {
  if (typeof shape === 'string') return true
  const inner = Array.isArray(shape)
    ? shape[0]
    : Object.hasOwn(shape, '*')
      ? (shape as { '*': DockerShape })['*']
      : null
  return typeof inner === 'string'
}

function elementFaults(walk: Walk, shape: DockerShape, value: unknown, pointer: string): boolean {
  const before = walk.violations.length
  if (typeof shape === 'string') {
    if (!isKind(shape, value))
      refuse(walk, 'docker-form', pointer, `Must be ${kindsInWords[shape]}.`)
  } else if (Array.isArray(shape) !== Array.isArray(value) || typeof value !== 'object')
    refuse(
      walk,
      'docker-form',
      pointer,
      `Must be ${Array.isArray(shape) ? 'a list' : 'an object'}.`,
    )
  else if (isFlat(shape)) {
    const inner = (
      Array.isArray(shape) ? shape[0] : (shape as { '*': DockerShape })['*']
    ) as keyof typeof kindsInWords
    for (const [key, one] of Object.entries(value as object))
      if (
        one === null
          ? Array.isArray(value)
          : !isKind(inner, one) || (inner === 'nothing' && !saysNothing(one))
      )
        refuse(walk, 'docker-form', `${pointer}/${segment(key)}`, `Must be ${kindsInWords[inner]}.`)
  }
  return walk.violations.length > before
}

function walkShape(walk: Walk, shape: DockerShape, value: unknown, place: Place): void {
  if (value === null || value === undefined) return
  if (elementFaults(walk, shape, value, place.pointer)) return
  if (isFlat(shape)) {
    const leaf = typeof shape === 'string' && shape !== 'words' ? place.field : `${place.field}/*`
    walkClaimed(walk, place, leaf, value)
  } else if (Array.isArray(shape))
    for (const [index, one] of (value as readonly unknown[]).entries())
      walkShape(walk, shape[0] as DockerShape, one, {
        pointer: `${place.pointer}/${index}`,
        field: `${place.field}/*`,
      })
  else walkObject(walk, shape as Readonly<Record<string, DockerShape>>, value as object, place)
}

/** Never throws. The value is JSON; its depth is bounded by that of the shape. */
export function walkDocker(shape: DockerShape, claims: DockerClaims, value: unknown): Walked {
  const walk: Walk = { claims, violations: [], passed: {}, judged: [] }
  walkShape(walk, shape, value ?? {}, { pointer: '', field: '' })
  return walk
}
