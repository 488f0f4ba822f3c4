// The words of `./stockade tenant`, `key` and `usage` → one request of the admin interface each. Pure: the caller sends it.
import { parseArgs } from 'node:util'
import { quotaFieldNames } from '../contract/quota.js'
import { isDay } from '../contract/usage.js'

/** A command line that says nothing we know. The message is for the person who typed it. */
export class WordsError extends Error {
  override readonly name = 'WordsError'
}

export type AdminRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  /** What goes into If-Match; `read`: that of what is there now. */
  readonly revision?: string
}

/** How the answer is shown. `key`, `secret`: that alone. */
export type Shown = 'json' | 'key' | 'secret' | 'keys' | 'tenants' | 'nothing'
export type AdminCommand = { readonly request: AdminRequest; readonly shown: Shown }

type Values = Readonly<Record<string, unknown>>

const text = (values: Values, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}
const texts = (values: Values, name: string): readonly string[] => {
  const value = values[name]
  return Array.isArray(value) ? value.map(String) : []
}

function options(words: readonly string[], names: readonly string[]) {
  const known = Object.fromEntries(
    names.map((name) => [
      name.replace('*', ''),
      { type: name === 'json' ? 'boolean' : 'string', multiple: name.endsWith('*') } as const,
    ]),
  )
  try {
    return parseArgs({ args: [...words], options: known, allowPositionals: true })
  } catch (error) {
    throw new WordsError((error as Error).message)
  }
}

function only(positionals: readonly string[], what: string): string {
  const [one] = positionals
  if (one === undefined || positionals.length > 1) throw new WordsError(`say one ${what}`)
  return one
}

function integer(value: string, what: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new WordsError(`${what} wants a whole number, not ${value}`)
  return Number(value)
}

function pair(word: string): readonly [string, string] {
  const equals = word.indexOf('=')
  if (equals < 1) throw new WordsError(`${word} is not NAME=VALUE`)
  return [word.slice(0, equals), word.slice(equals + 1)]
}

/** `NAME=NUMBER`, or `NAME=` to follow the grant again. */
function quotasOf(words: readonly string[]): Record<string, number | null> {
  return Object.fromEntries(
    words.map((word) => {
      const [name, value] = pair(word)
      if (!quotaFieldNames.some((known) => known === name))
        throw new WordsError(`${name} is no quota; there are ${quotaFieldNames.join(', ')}`)
      return [name, value === '' ? null : integer(value, name)]
    }),
  )
}

function tenantBody(values: Values): Record<string, unknown> {
  const [grant, description] = [text(values, 'grant'), text(values, 'description')]
  const [labels, quotas] = [texts(values, 'label'), texts(values, 'quota')]
  return {
    ...(grant === undefined ? {} : { grant }),
    ...(description === undefined ? {} : { description }),
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels.map(pair)) }),
    ...(quotas.length === 0 ? {} : { quotas: quotasOf(quotas) }),
  }
}

const tenantOptions = ['grant', 'description', 'label*', 'quota*']

function tenantChange(verb: string, words: readonly string[]): AdminCommand {
  const names = verb === 'change' ? [...tenantOptions, 'revision'] : ['revision']
  const { values, positionals } = options(words, names)
  const path = `/v1/admin/tenants/${encodeURIComponent(only(positionals, 'tenant'))}`
  const revision = text(values, 'revision') ?? 'read'
  if (verb === 'delete') return { request: { method: 'DELETE', path, revision }, shown: 'nothing' }
  const body = verb === 'change' ? tenantBody(values) : { disabled: verb === 'disable' }
  if (Object.keys(body).length === 0) throw new WordsError('say what to change')
  return { request: { method: 'PATCH', path, body, revision }, shown: 'json' }
}

/** The secret is shown as a key is: alone. */
function webhookCommand(verb: string, words: readonly string[]): AdminCommand {
  const { values, positionals } = options(
    words,
    verb === 'webhook-secret' ? ['overlap-seconds'] : [],
  )
  const path = `/v1/admin/tenants/${encodeURIComponent(only(positionals, 'tenant'))}/webhook-secret`
  if (verb === 'webhook-revoke') return { request: { method: 'DELETE', path }, shown: 'nothing' }
  const overlap = text(values, 'overlap-seconds')
  const body =
    overlap === undefined ? {} : { overlapSeconds: integer(overlap, '--overlap-seconds') }
  return { request: { method: 'POST', path, body }, shown: 'secret' }
}

function tenantCommand(verb: string, words: readonly string[]): AdminCommand {
  const path = '/v1/admin/tenants'
  if (verb === 'list') {
    const { values } = options(words, ['json'])
    return { request: { method: 'GET', path }, shown: values.json === true ? 'json' : 'tenants' }
  }
  if (verb === 'show') {
    const name = only(options(words, []).positionals, 'tenant')
    return {
      request: { method: 'GET', path: `${path}/${encodeURIComponent(name)}` },
      shown: 'json',
    }
  }
  if (verb === 'create') {
    const { values, positionals } = options(words, tenantOptions)
    const body = { name: only(positionals, 'tenant'), ...tenantBody(values) }
    return { request: { method: 'POST', path, body }, shown: 'json' }
  }
  if (['change', 'disable', 'enable', 'delete'].includes(verb)) return tenantChange(verb, words)
  if (['webhook-secret', 'webhook-revoke'].includes(verb)) return webhookCommand(verb, words)
  throw new WordsError(
    'tenant knows list, show, create, change, disable, enable, delete, webhook-secret and webhook-revoke',
  )
}

function keyCreation(words: readonly string[]): AdminCommand {
  const { values, positionals } = options(words, ['tenant', 'grant', 'scopes', 'days'])
  const tenant = text(values, 'tenant')
  if (tenant === undefined || positionals.length > 0)
    throw new WordsError('say whose: key create --tenant NAME')
  const [grant, scopes, days] = ['grant', 'scopes', 'days'].map((name) => text(values, name))
  const body = {
    tenant,
    ...(grant === undefined ? {} : { grant }),
    ...(scopes === undefined ? {} : { scopes: scopes.split(',') }),
    ...(days === undefined ? {} : { expiresInSeconds: integer(days, '--days') * 86_400 }),
  }
  return { request: { method: 'POST', path: '/v1/admin/keys', body }, shown: 'key' }
}

function keyCommand(verb: string, words: readonly string[]): AdminCommand {
  const path = '/v1/admin/keys'
  if (verb === 'create') return keyCreation(words)
  if (verb === 'list') {
    const { values } = options(words, ['json'])
    return { request: { method: 'GET', path }, shown: values.json === true ? 'json' : 'keys' }
  }
  const { values, positionals } = options(words, verb === 'rotate' ? ['overlap-seconds'] : [])
  const one = `${path}/${encodeURIComponent(only(positionals, 'key by its id'))}`
  if (verb === 'revoke') return { request: { method: 'DELETE', path: one }, shown: 'nothing' }
  if (verb !== 'rotate') throw new WordsError('key knows create, list, rotate and revoke')
  const overlap = text(values, 'overlap-seconds')
  const body =
    overlap === undefined ? {} : { overlapSeconds: integer(overlap, '--overlap-seconds') }
  return { request: { method: 'POST', path: `${one}/rotate`, body }, shown: 'key' }
}

/** @throws WordsError */
export function adminCommand(words: readonly string[]): AdminCommand {
  const [noun = '', verb = '', ...rest] = words
  if (noun === 'tenant') return tenantCommand(verb, rest)
  if (noun === 'key') return keyCommand(verb, rest)
  throw new WordsError(`there is no command ${noun}`)
}

export type UsageWish = {
  readonly tenant: string
  readonly from: string
  readonly to: string
  readonly format: 'csv' | 'jsonl'
}

/** `today` stands for a last day that is not said. @throws WordsError */
export function usageWish(words: readonly string[], today: string): UsageWish {
  const { values, positionals } = options(words, ['tenant', 'from', 'to', 'format'])
  const to = text(values, 'to') ?? today
  const from = text(values, 'from') ?? to
  const format = text(values, 'format') ?? 'csv'
  if (positionals.length > 0) throw new WordsError(`usage does not know ${positionals[0]}`)
  if (![from, to].every(isDay)) throw new WordsError('a day is like 2026-01-31')
  if (from > to) throw new WordsError('--from is after --to')
  if (format !== 'csv' && format !== 'jsonl') throw new WordsError('--format is csv or jsonl')
  return { tenant: text(values, 'tenant') ?? '*', from, to, format }
}
