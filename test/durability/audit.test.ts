// The audit logs of a real stack: every job that was sent is in them, from its admission to its end, and both are whole after kill -9.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { canonicalDigest } from '../../queue/canonical-digest.js'
import { asRoot, instance, openTenant, persist, servicePid } from '../stack.js'
import { repository } from '../tidy-source.js'

const tenant = openTenant('audited')
type Line = Readonly<Record<string, unknown>>

function linesOf(process: 'api' | 'worker'): Line[] {
  const text = asRoot(['cat', `/var/log/${instance}/audit/${process}/audit.jsonl`])
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line)
}

function verify(): { status: number | null; text: string } {
  const command = [join(repository, 'stockade'), 'audit', 'verify', '--instance', instance]
  const [program = '', ...rest] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command]
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8' })
  return { status, text: stdout + stderr }
}

t.test(
  'forty jobs, api and worker killed on the way: each is in both logs, and these are whole',
  async (t) => {
    const spec = { language: 'bash', source: 'sleep 0.1; echo end' }
    const ids: string[] = []
    for (let at = 0; at < 40; at++) {
      const headers = { 'idempotency-key': `audited-${at}-${process.pid}` }
      const answer = await persist(async () => {
        const one = await tenant.request('POST', '/v1/jobs', spec, headers)
        if (one.status >= 500) throw new Error(one.text)
        return one
      })
      ids.push((answer.json as { id: string }).id)
      if (at === 15) asRoot(['kill', '-9', String(servicePid('api'))])
      if (at === 30) asRoot(['kill', '-9', String(servicePid('worker'))])
    }
    for (const id of ids) await persist(() => tenant.finished(id))
    await tenant.run(spec)
    const admitted = new Map(
      linesOf('api')
        .filter(({ act }) => act === 'admission')
        .map((line) => [line.job, line]),
    )
    const ended = new Map(
      linesOf('worker')
        .filter(({ act }) => act === 'outcome')
        .map((line) => [line.job, line]),
    )
    // A process that is killed may take with it what it had done and not told yet: of one instant, and of no other.
    const lacking = ids.filter((id) => !admitted.has(id) || !ended.has(id))
    t.ok(lacking.length <= 8, `${lacking.length} of ${ids.length} lack a line`)
    const request = { sha256: canonicalDigest(spec) }
    for (const id of ids.filter((id) => !lacking.includes(id))) {
      t.match(admitted.get(id), { caller: { tenant: 'audited' }, request, verdict: 'allow' })
      t.match(ended.get(id), { tenant: 'audited', request, outcome: 'ok' })
      t.match(ended.get(id)?.isolation, { sha256: /^[0-9a-f]{64}$/, noNewPrivileges: true })
    }
    const { status, text } = verify()
    t.comment(text.trim())
    t.equal(status, 0, text)
    t.match(text, /^whole: api on .*\nwhole: worker on /m)
  },
)

t.test('rotation by the operator’s means: two files, one chain', async (t) => {
  const path = `/var/log/${instance}/audit/api/audit.jsonl`
  asRoot(['mv', path, `${path}-${Date.now()}`])
  asRoot(['kill', '-HUP', String(servicePid('api'))])
  await persist(async () => asRoot(['test', '-s', path]))
  await tenant.submit({ language: 'bash', source: 'echo 1' })
  const { status, text } = verify()
  t.equal(status, 0, text)
  t.notMatch(text, /earlier file/)
})

t.test('one byte changed as root is found, with its line', async (t) => {
  const path = `/var/log/${instance}/audit/worker/audit.jsonl`
  const before = asRoot(['cat', path])
  const lines = before.split('\n')
  const at = lines.findIndex((line) => line.includes('"outcome":"ok"'))
  lines[at] = (lines[at] ?? '').replace('"outcome":"ok"', '"outcome":"expired"')
  const copy = `/var/log/${instance}/audit/worker/audit.jsonl.copy`
  t.teardown(() => asRoot(['rm', '-f', copy]))
  asRoot(['tee', copy], lines.join('\n'))
  const { status, stdout } = spawnSync(join(repository, 'stockade'), ['audit', 'verify', copy], {
    encoding: 'utf8',
  })
  // The file is root's: whoever may not read it is told that nothing can be said.
  t.equal(status, process.getuid?.() === 0 ? 1 : 2)
  if (process.getuid?.() === 0) t.match(stdout, `${copy}:${at + 1} has been changed`)
})
