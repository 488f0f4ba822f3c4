// A query string → texts by name, each read by its kind, or a refusal. Go takes the first of two equal names and knows nothing of unknown
// ones: here both are refused.
import { JsonFault, parseStrictJson } from '../contract/strict-json.js'
import type { Endpoint, QueryKind } from './endpoint.js'
import type { Query } from './engine.js'
import { type DockerRefusal, malformed } from './refusal.js'

const textMax = 65_536
/** As the engine reads a truth (httputils.BoolValue), and what clients really send for yes. */
const no = /^\s*(|0|no|false|none)\s*$/i
const yes = /^\s*(1|yes|true|on)\s*$/i

const patterns: Readonly<Partial<Record<QueryKind, RegExp>>> = {
  number: /^-?\d{1,15}$/,
  time: /^\d{1,12}(\.\d{1,9})?$/,
  tail: /^(all|\d{1,9})$/,
  word: /^[a-z0-9][a-z0-9./_-]{0,63}$/,
  name: /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/,
  names: /^[a-zA-Z0-9][a-zA-Z0-9_./:@-]{0,511}$/,
  signal: /^((SIG)?[A-Z][A-Z0-9+-]{0,15}|\d{1,2})$/i,
  path: /^[^\0]{1,4096}$/,
  keys: /^[a-zA-Z0-9@^[\],_\\-]{1,64}$/,
  // The engine starts `ps` of the host with these words; of its many options only those that choose columns.
  ps: /^(-?(aux|auxw|ax|ef|e|f|l)|(-e)?o [a-z]{1,16}(,[a-z]{1,16}){0,15})$/,
}

const lists: ReadonlySet<QueryKind> = new Set(['names', 'texts'])

const fault = (name: string, why: string): DockerRefusal =>
  malformed('docker-query', `query parameter ${name.slice(0, 64)}: ${why}`)

/** `{"label":{"a=b":true}}` and `{"label":["a=b"]}` alike, written in the second form. */
function filtersText(text: string): string {
  let value: unknown
  try {
    value = parseStrictJson(Buffer.from(text))
  } catch (error) {
    if (error instanceof JsonFault) throw fault('filters', error.message)
    throw error
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fault('filters', 'no object')
  const filters: Record<string, string[]> = {}
  for (const [name, asked] of Object.entries(value)) {
    const list: unknown[] = Array.isArray(asked) ? asked : whatIsTrue(asked)
    if (!/^[a-zA-Z-]{1,32}$/.test(name) || !list.every((one) => typeof one === 'string'))
      throw fault('filters', 'a filter is a list of texts')
    filters[name] = list as string[]
  }
  return JSON.stringify(filters)
}

function whatIsTrue(asked: unknown): string[] {
  if (typeof asked !== 'object' || asked === null) throw fault('filters', 'a filter is a list')
  const entries = Object.entries(asked)
  if (!entries.every(([, isAsked]) => typeof isAsked === 'boolean'))
    throw fault('filters', 'a filter is a list')
  return entries.filter(([, isAsked]) => isAsked).map(([value]) => value)
}

/** The text as it is passed on; null for a parameter that says nothing. */
function readOne(name: string, kind: QueryKind, text: string): string | null {
  if (text.length > textMax) throw fault(name, 'too long')
  if (kind === 'dropped') return null
  if (kind === 'flag') {
    if (no.test(text)) return '0'
    if (yes.test(text)) return '1'
    throw fault(name, 'neither yes nor no')
  }
  if (text === '') return null
  if (kind === 'filters') return filtersText(text)
  const pattern = patterns[kind]
  if (pattern !== undefined && !pattern.test(text)) throw fault(name, 'not usable')
  return text
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw fault(what, 'not valid percent-encoded UTF-8')
  }
}

/** @throws DockerRefusal for an unknown name, one that is there twice, or a value that is not of its kind. */
export function readQuery(endpoint: Endpoint, text: string): Query {
  const query: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  const seen = new Set<string>()
  for (const part of text.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decoded(equals === -1 ? part : part.slice(0, equals), 'a name')
    const kind = Object.hasOwn(endpoint.query, name) ? endpoint.query[name] : undefined
    if (kind === undefined) throw fault(name, 'unknown here')
    if (seen.has(name) && !lists.has(kind)) throw fault(name, 'there twice')
    seen.add(name)
    const value = readOne(name, kind, equals === -1 ? '' : decoded(part.slice(equals + 1), name))
    if (value !== null) query[name] = [...(query[name] ?? []), value]
  }
  return query
}

/** The filters of a query that `readQuery` has read. */
export function filtersOf(query: Query): Record<string, string[]> {
  const text = query.filters?.[0]
  return text === undefined ? {} : (JSON.parse(text) as Record<string, string[]>)
}
