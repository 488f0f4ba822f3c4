// Row 102: line ends, escapes and JSON in every text that a caller gives: the services' logs have one honest line for each event.
import type { Test } from 'tap'
import { exchange } from '../../api/raw-http.js'
import { accountOf, address, port, type Tenant } from '../../stack.js'
import { serviceLog } from '../service-log.js'
import { activeLines } from '../terminal-text.js'

const mark = `forged-${process.pid}`
const forged = `{"level":"fatal","msg":"${mark}"}`
const evil = `a\n${forged}\n\u001b[2J\u001b]0;${mark}\u0007`

const texts: readonly Record<string, unknown>[] = [
  { labels: { name: evil } },
  { labels: { [evil]: 'x' } },
  { env: { A: evil } },
  { env: { [evil]: 'x' } },
  { files: [{ path: evil, content: '' }] },
  { arguments: [evil] },
  { image: evil, command: ['x'] },
  { network: evil },
  { seccomp: evil },
  { callback: evil },
  { [evil]: evil },
]

async function sayAll(t: Test, tenant: Tenant): Promise<void> {
  const source = `echo '${evil}'; echo '${evil}' >&2`
  for (const more of texts) {
    const body = { language: 'bash', source, ...more }
    const { status } = await tenant.request('POST', '/v1/jobs?wait=30', body)
    t.ok(status < 500, `${Object.keys(more)[0]?.slice(0, 12)}: ${status}`)
  }
  const path = encodeURIComponent(evil)
  const names = ['user-agent', 'referer', 'x-request-id', 'idempotency-key']
  const headers = Object.fromEntries(names.map((name) => [name, mark]))
  for (const where of [`/v1/jobs/${path}`, `/${path}`, `/v1/jobs?${path}=${path}`])
    t.ok((await tenant.request('GET', where, undefined, headers)).status < 500)
  const raw = `GET /${evil} HTTP/1.1\r\nHost: ${address}\r\nX-A: ${evil}\r\n\r\n`
  await exchange(Number(port), [Buffer.from(raw)])
  const print = `printf '%s' "$T"; exit 1`
  const job = await tenant.run({ language: 'bash', source: print, env: { T: evil } })
  t.equal(job.stdout, evil, `control: the text itself arrives; ${accountOf(job)}`)
}

/** One object of the api's own, whole on its line. */
function isOurs(line: string): boolean {
  try {
    return (JSON.parse(line) as { service: string }).service === 'api'
  } catch {
    return false
  }
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const naive = `user said: ${evil}`.split('\n')
  t.ok(naive.includes(forged), 'outside: a log that writes texts as they are has a forged line')
  const before = serviceLog('api').length
  await sayAll(t, tenant)
  for (const service of ['api', 'worker', 'launcher', 'redis'] as const) {
    const lines = serviceLog(service)
    const marked = lines.filter((line) => line.includes(mark))
    t.same(marked, [], `${service}: nothing of it is in the log`)
    t.same(activeLines(lines.join('\n')), [], `${service}: no control character`)
  }
  const lines = serviceLog('api').slice(before)
  t.ok(lines.length >= texts.length + 4, `control: ${lines.length} lines were written`)
  const foreign = lines.filter((line) => !isOurs(line))
  t.same(foreign, [], 'each is one object of ours')
}
