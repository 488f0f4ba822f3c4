// Grants from YAML text: one grant a file, each on top of a preset. Every fault is named with file, line and column.
import { Compile } from 'typebox/compile'
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import {
  Grant,
  type GrantLimits,
  type Preset,
  presets,
  runtimeCapabilities,
} from '../contract/grant.js'
import { presetGrants } from './preset.js'

export type LoadedGrant = {
  readonly grant: Grant
  /** Changes whenever anything in the resolved grant does. */
  readonly revision: string
}

export class GrantError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

const check = Compile(Grant)

/** cyrb53: not cryptographic, only to tell one text from another; policy code imports no node module. */
function fingerprint(text: string): string {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(16).padStart(14, '0')
}

const load = (grant: Grant): LoadedGrant => ({
  grant,
  revision: fingerprint(JSON.stringify(grant)),
})

type Values = Record<string, unknown>
const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The preset's value wherever the file names none; a list or number that the file names replaces the preset's. */
function merge(base: unknown, own: unknown): unknown {
  if (!isValues(base) || !isValues(own)) return own
  const merged: Values = { ...base }
  for (const [name, value] of Object.entries(own))
    merged[name] = Object.hasOwn(base, name) ? merge(base[name], value) : value
  return merged
}

function contradictions(grant: Grant): [path: string[], message: string][] {
  const found: [string[], string][] = []
  for (const [name, pair] of Object.entries(
    grant.limits as Record<string, GrantLimits['wallMs'] | number>,
  )) {
    if (typeof pair !== 'number' && pair.default > pair.maximum)
      found.push([
        ['limits', name],
        `its default ${pair.default} is above its maximum ${pair.maximum}`,
      ])
  }
  const { diskBytes, memoryBytes, fileBytes } = grant.limits
  if (diskBytes.maximum > memoryBytes.maximum)
    found.push([
      ['limits', 'diskBytes'],
      'its maximum is above that of memoryBytes, and files lie in memory',
    ])
  if (fileBytes.maximum > diskBytes.maximum)
    found.push([['limits', 'fileBytes'], 'its maximum is above that of diskBytes'])
  for (const name of grant.capabilities) {
    if (!runtimeCapabilities.includes(name))
      found.push([['capabilities'], `${name} cannot be given by the native runtime`])
  }
  return found
}

type Source = { readonly name: string; readonly text: string }

/** One file, parsed as far as it goes; faults are added, not thrown, so that all files are told of at once. */
function parseGrant(source: Source, faults: string[]): Grant | null {
  const lines = new LineCounter()
  const document = parseDocument(source.text, {
    lineCounter: lines,
    uniqueKeys: true,
    strict: true,
    version: '1.2',
  })
  const tell = (offset: number, message: string): void => {
    const place = lines.linePos(offset)
    faults.push(`${source.name}:${place.line}:${place.col}: ${message}`)
  }
  const before = faults.length
  for (const error of [...document.errors, ...document.warnings])
    tell(error.pos[0], error.message.split('\n')[0] ?? error.code)
  if (faults.length > before) return null
  if (/(^|[\s[{,:-])[&*][A-Za-z0-9_]/m.test(source.text)) {
    // Anchors have no use in so small a file, and billions of laughs in a hostile one.
    tell(0, 'anchors and aliases are not taken')
    return null
  }
  const offsetOf = (path: readonly string[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as Node | undefined
      if (node?.range !== undefined && node.range !== null) return node.range[0]
    }
    return 0
  }
  if (!isMap(document.contents)) {
    tell(0, 'a grant is a mapping')
    return null
  }
  const { extends: preset, ...own } = document.toJS({ maxAliasCount: 0 }) as Values
  const base = presets.find((name) => name === preset)
  if (base === undefined) {
    const node = document.getIn(['extends'], true)
    tell(
      isScalar(node) ? (node.range?.[0] ?? 0) : 0,
      `extends must name a preset: ${presets.join(', ')}`,
    )
    return null
  }
  const merged = merge(presetGrants[base], own)
  if (own['name'] === undefined) tell(0, 'name is missing')
  else if (presets.some((known: Preset) => known === own['name']))
    tell(offsetOf(['name']), 'the name is a preset’s')
  if (!check.Check(merged)) {
    for (const fault of check.Errors(merged))
      tell(
        offsetOf(fault.instancePath.split('/').slice(1)),
        `${fault.instancePath} ${fault.message}`,
      )
    return null
  }
  for (const [path, message] of contradictions(merged))
    tell(offsetOf(path), `${path.join('.')}: ${message}`)
  return faults.length > before ? null : merged
}

/**
 * The presets, and a grant for each file. All or nothing: one bad file and the whole set is refused.
 * @throws GrantError with every fault of every file.
 */
export function parseGrants(files: readonly Source[]): Map<string, LoadedGrant> {
  const faults: string[] = []
  const grants = new Map<string, LoadedGrant>(
    Object.values(presetGrants).map((grant) => [grant.name, load(grant)]),
  )
  for (const file of files) {
    const grant = parseGrant(file, faults)
    if (grant === null) continue
    if (grants.has(grant.name))
      faults.push(`${file.name}:1:1: there are two grants named ${grant.name}`)
    grants.set(grant.name, load(grant))
  }
  if (faults.length > 0) throw new GrantError(faults)
  return grants
}
