// Grant files: YAML text in, grants out, every fault with its line and column. Pure: the caller reads the directory.
// A file `acme.yaml` is the grant `acme`; it extends a preset and says only what differs. The presets exist always; a
// file of the same name replaces one.
import { Grant, type Preset, presets } from '../contract/grant.js'
import { grantFaults } from './grant-check.js'
import { type GrantText, readGrantText } from './grant-text.js'
import { ci } from './preset-ci.js'
import { grader } from './preset-grader.js'
import { platform } from './preset-platform.js'
import { untrusted } from './preset-untrusted.js'
import { revisionOf } from './revision.js'
import { type Fault, type SchemaNode, walkSchema } from './schema-walk.js'
import { listing, quote } from './wording.js'

export type LoadedGrant = {
  readonly grant: Grant
  /** Changes when any value of the grant does. Not a secret and not a signature. */
  readonly revision: string
}

export type GrantFault = {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  readonly message: string
}

/** Every fault of every file; `message` has one line a fault. */
export class GrantError extends Error {
  readonly faults: readonly GrantFault[]
  constructor(faults: readonly GrantFault[]) {
    super(
      faults
        .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
        .join('\n'),
    )
    this.name = 'GrantError'
    this.faults = faults
  }
}

export const presetGrants: Readonly<Record<Preset, Grant>> = { untrusted, grader, ci, platform }

const schema = Grant as unknown as SchemaNode

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the file says over what the preset says: objects member by member, all else as a whole. */
function overlay(base: unknown, own: unknown): unknown {
  if (!isObject(base) || !isObject(own)) return own
  const merged: Record<string, unknown> = Object.assign(Object.create(null), base)
  for (const [key, value] of Object.entries(own))
    merged[key] = Object.hasOwn(base, key) ? overlay(base[key], value) : value
  return merged
}

function isPreset(value: unknown): value is Preset {
  return typeof value === 'string' && (presets as readonly string[]).includes(value)
}

function nameFaults(name: string, own: Record<string, unknown>): Fault[] {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name))
    return [
      {
        pointer: '',
        message: `A grant file is named like acme.yaml, in [a-z0-9-]; not ${quote(name)}.`,
      },
    ]
  if (own.name === undefined || own.name === name) return []
  return [{ pointer: '/name', message: `Must be ${name}, as the file is named, or left out.` }]
}

function extendsFaults(own: Record<string, unknown>): Fault[] {
  if (isPreset(own.extends)) return []
  const pointer = own.extends === undefined ? '' : '/extends'
  return [{ pointer, message: `\`extends\` must be one of ${listing(presets)}.` }]
}

/** The grant that a parsed file comes to, and its faults: the grant counts only when there are none. */
function mergeGrant(name: string, own: unknown): { grant: Grant; faults: Fault[] } {
  if (!isObject(own))
    return { grant: untrusted, faults: [{ pointer: '', message: 'Must be a mapping.' }] }
  const { extends: preset, name: _name, ...rest } = own
  const merged = overlay({ ...presetGrants[isPreset(preset) ? preset : 'untrusted'], name }, rest)
  const formal = walkSchema(schema, merged)
  const grant = merged as Grant
  const further = formal.length === 0 ? grantFaults(grant) : []
  const nameless = formal.filter((fault) => fault.pointer !== '/name')
  return {
    grant,
    faults: [...nameFaults(name, own), ...extendsFaults(own), ...nameless, ...further],
  }
}

function stem(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.ya?ml$/, '')
}

function locate(file: string, text: GrantText, fault: Fault): GrantFault {
  return {
    file,
    ...text.placeOf(fault.pointer),
    message: `${fault.pointer} ${fault.message}`.trim(),
  }
}

/**
 * The grants by name: the presets, and one for each file.
 * @throws GrantError naming file, line and column of every fault in every file.
 */
export function parseGrants(
  files: ReadonlyArray<{ readonly name: string; readonly text: string }>,
): Map<string, LoadedGrant> {
  const grants = new Map<string, Grant>(Object.entries(presetGrants))
  const faults: GrantFault[] = []
  const seen = new Map<string, string>()
  for (const file of files) {
    const name = stem(file.name)
    const text = readGrantText(file.text)
    const earlier = seen.get(name)
    if (earlier !== undefined)
      faults.push(
        locate(file.name, text, { pointer: '', message: `${name} is also in ${earlier}.` }),
      )
    seen.set(name, file.name)
    if (text.faults.length > 0) {
      faults.push(...text.faults.map((fault) => ({ file: file.name, ...fault })))
      continue
    }
    const merged = mergeGrant(name, text.value)
    faults.push(...merged.faults.map((fault) => locate(file.name, text, fault)))
    grants.set(name, merged.grant)
  }
  if (faults.length > 0) throw new GrantError(faults)
  return new Map(
    Array.from(grants, ([name, grant]) => [name, { grant, revision: revisionOf(grant) }]),
  )
}
