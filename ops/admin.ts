// `./stockade tenant`, `key` and `usage`: one request to the admin socket, its answer for a person or a script. Exit status 0, 1 when the
// service refuses, 2 when the words make no sense. Usage: admin.js SOCKET WORD...
import { request as httpRequest } from 'node:http'
import type { Problem } from '../contract/error.js'
import type { KeyCreated, KeyList } from '../contract/key.js'
import type { TenantList } from '../contract/tenant.js'
import { type UsageAnswer, usageDaysMax } from '../contract/usage.js'
import type { WebhookSecret } from '../contract/webhook.js'
import {
  type AdminRequest,
  adminCommand,
  type Shown,
  type UsageWish,
  usageWish,
  WordsError,
} from './admin-words.js'
import { csvHead, csvLine, jsonLine } from './usage-export.js'

/** The service said no, or nothing. */
class Refused extends Error {}

type Answer = { readonly json: unknown; readonly tag: string | undefined }

function refusalOf(json: unknown, status: number): Refused {
  const { code = status, title = '', detail, violations = [] } = json as Partial<Problem>
  const faults = violations.map(({ pointer, message }) => `\n  ${pointer} ${message}`)
  return new Refused(`${code}: ${detail ?? title}${faults.join('')}`)
}

function exchange(
  socketPath: string,
  { method, path, body, revision }: AdminRequest,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(revision === undefined ? {} : { 'if-match': revision }),
    }
    const outgoing = httpRequest({ socketPath, method, path, headers, timeout: 10_000 })
    outgoing.on('timeout', () => outgoing.destroy(new Refused('the api does not answer')))
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      const pieces: Buffer[] = []
      incoming.on('error', reject)
      incoming.on('data', (piece: Buffer) => void pieces.push(piece))
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString('utf8')
        const json: unknown = text === '' ? null : JSON.parse(text)
        const status = incoming.statusCode ?? 0
        if (status >= 400) reject(refusalOf(json, status))
        else resolve({ json, tag: incoming.headers.etag })
      })
    })
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** A change names the revision that it means: what the person said they saw, or what is there now. */
async function send(socket: string, request: AdminRequest): Promise<unknown> {
  const { revision, ...rest } = request
  if (revision === undefined) return (await exchange(socket, rest)).json
  if (revision !== 'read')
    return (await exchange(socket, { ...rest, revision: `"${revision}"` })).json
  const { tag } = await exchange(socket, { method: 'GET', path: request.path })
  return (await exchange(socket, { ...rest, revision: tag ?? '*' })).json
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((word, at) => word.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  return `${rows.map(line).join('\n')}\n`
}

function keysText({ keys }: KeyList): string {
  const rows = keys.map(({ id, tenant, grant, scopes, expiresAt, lastUsedAt, rotatedTo }) => [
    ...[id, tenant, grant, scopes.join(',')],
    ...[expiresAt, lastUsedAt ?? 'never', rotatedTo ?? '-'],
  ])
  return columns([['id', 'tenant', 'grant', 'scopes', 'expires', 'used', 'replaced by'], ...rows])
}

function tenantsText({ tenants }: TenantList): string {
  const rows = tenants.map(({ name, grant, disabled, revision, quotas, description }) => [
    ...[name, grant, disabled ? 'disabled' : 'enabled', String(revision)],
    Object.entries(quotas)
      .map((quota) => quota.join('='))
      .join(',') || '-',
    // A description is free text of an admin; a terminal gets no control character of it (CWE-150).
    description.replace(/[\p{Cc}\p{Cf}]/gu, ' '),
  ])
  return columns([['name', 'grant', 'state', 'revision', 'quotas', 'description'], ...rows])
}

const texts: Readonly<Record<Shown, (json: unknown) => string>> = {
  json: (json) => `${JSON.stringify(json, null, 2)}\n`,
  key: (json) => `${(json as KeyCreated).key}\n`,
  secret: (json) => `${(json as WebhookSecret).secret}\n`,
  keys: (json) => keysText(json as KeyList),
  tenants: (json) => tenantsText(json as TenantList),
  nothing: () => '',
}

const dayMs = 86_400_000
const dayAfter = (day: string, by: number): string =>
  new Date(Date.parse(day) + by * dayMs).toISOString().slice(0, 10)

/** One answer has a day of all tenants, or some hundred days of one. */
async function exportUsage(socket: string, wish: UsageWish): Promise<void> {
  const { tenant, from, to, format } = wish
  if (format === 'csv') process.stdout.write(csvHead)
  const step = tenant === '*' ? 1 : usageDaysMax
  for (let first = from; first <= to; first = dayAfter(first, step)) {
    const last = [dayAfter(first, step - 1), to].sort()[0] ?? to
    const query = new URLSearchParams({ tenant, from: first, to: last })
    const { json } = await exchange(socket, { method: 'GET', path: `/v1/usage?${query}` })
    for (const row of (json as UsageAnswer).rows)
      process.stdout.write(format === 'csv' ? csvLine(row) : jsonLine(row))
  }
}

async function main([socket = '', ...words]: readonly string[]): Promise<void> {
  if (words[0] === 'usage') {
    const wish = usageWish(words.slice(1), new Date().toISOString().slice(0, 10))
    return exportUsage(socket, wish)
  }
  const { request, shown } = adminCommand(words)
  process.stdout.write(texts[shown](await send(socket, request)))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`stockade: ${(error as Error).message}\n`)
  process.exitCode = error instanceof WordsError ? 2 : 1
}
