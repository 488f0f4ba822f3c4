// Hostile requests as raw bytes on a tenant's socket. Each is refused, and the recorder between guard and engine shows that nothing of it
// reached the engine; each that a bare engine takes is sent to it as well, so that the refusal is the guard's doing.
import t from 'tap'
import type { Hostile } from './corpus.js'
import { bodyCorpus } from './corpus-body.js'
import { hostCorpus } from './corpus-host.js'
import { httpCorpus } from './corpus-http.js'
import { pathCorpus } from './corpus-path.js'
import { startGuard } from './live-guard.js'
import { exchange, request } from './raw.js'
import { changesIn } from './recorder.js'

const guard = await startGuard()
t.teardown(() => guard.end())
const { engine, recorder } = guard

/** Containers, a volume, an image and an exec: of the tenant's own, and of another's, made on the engine as the guard would. */
function made(tenant: 'acme' | 'other', name: string): string {
  const label = ['--label', `stockade.tenant=${tenant}`]
  const run = [
    'run',
    '--detach',
    ...label,
    '--name',
    `${tenant}.${name}`,
    'base',
    '/bin/sleep',
    '3600',
  ]
  return engine.docker(...run).trim()
}

const mine = made('acme', 'mine')
const theirs = made('other', 'theirs')
engine.docker('network', 'create', '--label', 'stockade.tenant=other', 'other.default')
engine.docker('volume', 'create', '--label', 'stockade.tenant=other', 'other.theirs')
engine.docker('tag', 'base', 'other.stockade/docker.io/library/theirs:latest')
const created = await exchange(
  engine.socket,
  request('POST', `/v1.41/containers/${theirs}/exec`, '{"Cmd":["/bin/true"]}'),
)
const exec = /"Id":"([0-9a-f]{64})"/.exec(created.text)?.[1] ?? ''
const ids = { mine, theirs, exec }

const bytesOf = ({ bytes }: Hostile): string => (typeof bytes === 'string' ? bytes : bytes(ids))

const all = [...httpCorpus, ...pathCorpus, ...bodyCorpus, ...hostCorpus]

t.test('the corpus is large, and each row has a name of its own', (t) => {
  t.ok(all.length >= 150, `${all.length} rows`)
  t.equal(new Set(all.map(({ name }) => name)).size, all.length)
  t.match(exec, /^[0-9a-f]{64}$/, 'there is an exec to attack')
  t.end()
})

t.test('what is no attack passes', async (t) => {
  const ping = await exchange(
    guard.socketOf('acme'),
    'GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n',
  )
  t.equal(ping.status, 200)
  t.match(ping.text, /Api-Version: 1\.41/i)
  const own = await exchange(
    guard.socketOf('acme'),
    `GET /v1.41/containers/mine/json HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n`,
  )
  t.equal(own.status, 200)
})

for (const row of all) {
  t.test(row.name, async (t) => {
    recorder.taken()
    const answer = await exchange(guard.socketOf('acme'), bytesOf(row))
    const sent = recorder.taken()
    t.ok(
      answer.status === 0 || answer.status >= 400,
      `refused: ${answer.statuses.join(' ')} ${answer.text.slice(-300)}`,
    )
    t.ok(
      answer.statuses.every((status) => status >= 400),
      'nothing behind it was taken as a request',
    )
    t.same(changesIn(sent), [], 'the engine got no request that changes something')
    t.notMatch(sent, /zz-mark/, 'and no byte of the client')
    if (row.bare === undefined) return
    const bare = await exchange(engine.socket, bytesOf(row))
    t.equal(
      bare.status,
      row.bare,
      `the bare engine answers ${row.bare}: ${bare.text.slice(0, 400)}`,
    )
  })
}

t.test('what was attacked is as it was', async (t) => {
  const running = engine.docker('ps', '--no-trunc', '--format', '{{.ID}}').split('\n')
  t.ok(running.includes(theirs), 'the other tenant’s container runs')
  t.ok(running.includes(mine), 'and so does one’s own')
  t.match(guard.log(), /"verdict":"deny"/, 'the log has lines of refusals')
})
