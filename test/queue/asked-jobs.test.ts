// What jobs asked is kept: each kind once with a count, sealed, bounded in number, in size and in age; and it is never in a job's way.
import { pino } from 'pino'
import t from 'tap'
import {
  askedAllBytesMax,
  askedKeepMs,
  askedKindsMax,
  askedTenantsMax,
} from '../../contract/asked.js'
import type { JobSpec } from '../../contract/job.js'
import { openAskedJobs } from '../../queue/asked-jobs.js'
import { openSealer } from '../../queue/seal.js'
import { openLiveQueue, prefix } from './live-queue.js'

const live = await openLiveQueue()
const api = await live.openApi()
t.teardown(() => live.close())

const secret = 'hunter2-hunter2'
const job = (other: Partial<JobSpec> = {}): JobSpec => ({
  language: 'python',
  source: `print("${secret}")`,
  env: { A: secret },
  ...other,
})

function note(tenant: string, spec: JobSpec, verdict: 'allow' | 'deny' = 'allow'): void {
  api.asked.note({ tenant, grant: 'untrusted', verdict, spec })
}

const readOf = async (tenant: string) =>
  (await api.asked.read()).filter((kind) => kind.tenant === tenant)

t.test('each kind once, with a count, also over several flushes', async (t) => {
  for (let at = 0; at < 5; at += 1) note('one', job({ source: `print(${1000 + at})` }))
  note('one', job({ privileged: true }), 'deny')
  await api.asked.flush()
  note('one', job({ source: 'print(9999)' }))
  await api.asked.flush()
  const kinds = (await readOf('one')).sort((one, other) => other.count - one.count)
  t.match(kinds, [
    { grant: 'untrusted', verdict: 'allow', count: 6 },
    { grant: 'untrusted', verdict: 'deny', count: 1 },
  ])
  t.equal(kinds.length, 2)
  t.ok(Math.abs(Date.now() - (kinds[0]?.lastAtMs ?? 0)) < 60_000)
})

t.test('another api process adds to the same kinds', async (t) => {
  const other = await live.openApi()
  other.asked.note({
    tenant: 'one',
    grant: 'untrusted',
    verdict: 'allow',
    spec: job({ source: 'print(1234)' }),
  })
  await other.asked.flush()
  t.ok((await readOf('one')).some(({ count }) => count === 7))
})

t.test('nothing of it can be read in Redis, and nothing secret is in it', async (t) => {
  const stored = JSON.stringify(await live.look.hgetall(`${prefix}asked:one`))
  for (const word of [secret, 'python', 'privileged']) t.notOk(stored.includes(word), word)
  t.notOk(JSON.stringify(await api.asked.read()).includes(secret))
})

t.test('what was not sealed by us is left out', async (t) => {
  await live.look.hset(`${prefix}asked:one`, 'forged', Buffer.from('{}').toString('base64'))
  const [digest = '', sealed = ''] =
    Object.entries(await live.look.hgetall(`${prefix}asked:one`))[0] ?? []
  t.not(digest, '')
  await live.look.hset(`${prefix}asked:one`, 'swapped', sealed)
  t.equal((await readOf('one')).length, 2)
})

t.test('so many kinds of one tenant, those seen last', async (t) => {
  const spec = (at: number): JobSpec => job({ limits: { wallMs: at } })
  for (let at = 1; at <= askedKindsMax; at += 1) note('many', spec(at))
  await api.asked.flush()
  for (let at = askedKindsMax + 1; at <= askedKindsMax + 10; at += 1) note('many', spec(at))
  await api.asked.flush()
  const kinds = await readOf('many')
  t.equal(kinds.length, askedKindsMax)
  const asked = JSON.stringify(kinds)
  t.ok(asked.includes(`"value":${askedKindsMax + 10},`), 'the newest is there')
  const counted = new Set<string>()
  for (const key of await live.look.keys(`${prefix}asked-counts:many:*`))
    for (const digest of await live.look.hkeys(key)) counted.add(digest)
  t.equal(counted.size, askedKindsMax)
  t.equal(await live.look.zcard(`${prefix}asked-seen:many`), askedKindsMax)
})

t.test('between two flushes no more than that is held', async (t) => {
  for (let at = 1; at <= askedKindsMax * 3; at += 1) note('flood', job({ limits: { cpuMs: at } }))
  await api.asked.flush()
  t.equal((await readOf('flood')).length, askedKindsMax)
})

t.test('a long one is not kept', async (t) => {
  const files = Array.from({ length: 100 }, (_, at) => ({
    path: `${'x'.repeat(50)}${at}`,
    content: '',
  }))
  note('long', job({ files }))
  await api.asked.flush()
  t.strictSame(await readOf('long'), [])
})

t.test('one that cannot be kept is not even made, on the way of its job', async (t) => {
  const files = Array.from({ length: 1000 }, () => ({
    get path(): string {
      throw new Error('it is looked at')
    },
    content: '',
  }))
  note('huge', job({ files }))
  await api.asked.flush()
  t.strictSame(await readOf('huge'), [])
})

t.test('what nobody has asked for a day is gone', async (t) => {
  note('old', job())
  await api.asked.flush()
  const [digest = ''] = await live.look.zrange(`${prefix}asked-seen:old`, '0', '-1')
  await live.look.zadd(`${prefix}asked-seen:old`, Date.now() - askedKeepMs - 1000, digest)
  t.strictSame(await readOf('old'), [], 'it is not read')
  note('old', job({ privileged: true }))
  await api.asked.flush()
  t.equal(await live.look.hlen(`${prefix}asked:old`), 1, 'and is removed')
  const life = await live.look.pttl(`${prefix}asked:old`)
  t.ok(life > 0 && life <= askedKeepMs, 'all of a tenant goes with its last')
})

t.test('a kind is counted for the last day, however long it is known', async (t) => {
  const real = Date.now
  const hours = [30, 25, 20, 10, 0]
  try {
    for (const back of hours) {
      Date.now = () => real() - back * 3_600_000
      note('steady', job())
      note('steady', job())
      await api.asked.flush()
    }
  } finally {
    Date.now = real
  }
  t.match(await readOf('steady'), [{ count: 6 }])
})

t.test('so many bytes of all tenants: those go who were heard of the longest ago', async (t) => {
  const names = Array.from({ length: 45 }, (_, at) => `wide-${at}`)
  const files = Array.from({ length: 22 }, (_, at) => ({
    path: `${'x'.repeat(40)}${at}`,
    content: '',
  }))
  for (const name of names) {
    for (let at = 1; at <= askedKindsMax; at += 1)
      note(name, job({ files, limits: { wallMs: at } }))
    await api.asked.flush()
  }
  const bytes = Number(await live.look.get(`${prefix}asked-bytes`))
  let sum = 0
  for (const key of await live.look.keys(`${prefix}asked:*`))
    for (const sealed of await live.look.hvals(key)) sum += sealed.length
  t.comment(`${bytes} bytes`)
  // What two tests above have put there by hand, nobody counted.
  t.ok(Math.abs(sum - bytes) < 2000, `${sum} by a recount`)
  t.ok(bytes <= askedAllBytesMax && bytes > askedAllBytesMax / 2)
  t.strictSame(await readOf('wide-0'), [])
  t.equal((await readOf('wide-44')).length, askedKindsMax)
  t.ok((await api.depth()).askedBytes === bytes)
})

t.test('so many tenants, those heard of last', async (t) => {
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < askedTenantsMax - 50; at += 1) note(`t${round}-${at}`, job())
    await api.asked.flush()
  }
  t.equal(await live.look.zcard(`${prefix}asked-tenants`), askedTenantsMax)
  const names = (await live.look.keys(`${prefix}asked:*`)).length
  t.ok(names <= askedTenantsMax, `${names} tenants have keys`)
})

t.test('without Redis a job is not kept waiting, and nothing is thrown', async (t) => {
  const sealer = openSealer(live.settings('api').sealKeyFile)
  const away = live.look.duplicate({ lazyConnect: true, enableOfflineQueue: false })
  const asked = openAskedJobs(away, sealer, pino({ level: 'silent' }))
  asked.note({ tenant: 'x', grant: 'g', verdict: 'allow', spec: job() })
  await asked.flush()
  await asked.close()
  away.disconnect()
  t.pass()
})
