// Webhooks when things go wrong: names that lead inside, receivers that hang, a sender that dies in the middle, Redis that goes away.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { variableOf } from '../../contract/config.js'
import { releaseDirectory } from '../../queue/settings-file.js'
import { freePort } from '../free-port.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openNameServer } from './name-server.js'
import { ask } from './raw-http.js'
import { openReceiver, say } from './receiver.js'
import { openHookApi, openHooks } from './webhook-bench.js'

const redis = await openLiveRedis()
const names = await openNameServer()
const receiver = await openReceiver()
/** Receivers that hang are waited for so long, milliseconds: longer than the tests that do not wait for them. */
const timeoutMs = 1000
const api = await openHookApi(redis, names, receiver, { callbackTimeoutMs: timeoutMs })
t.teardown(async () => {
  await api.close()
  await redis.close()
  await receiver.close()
  names.close()
})
t.beforeEach(() => {
  receiver.heard.length = 0
  receiver.answer = say(204)
})

/** What a name of somebody else's may have been given, each beside or instead of a public address. */
const inside: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.1'],
  'loopback-six': ['::1'],
  mapped: ['::ffff:127.0.0.1'],
  metadata: ['169.254.169.254'],
  'metadata-six': ['fd00:ec2::254'],
  private: ['10.0.0.1'],
  shared: ['100.64.0.1'],
  unspecified: ['0.0.0.0'],
  'beside-a-public-one': ['203.0.114.9', '127.0.0.1'],
}

t.test('a name that leads inside leads nowhere; nothing is connected', async (t) => {
  const { submit, settled } = await openHooks(api, 'outsider', receiver, 'open')
  for (const [name, addresses] of Object.entries(inside)) {
    names.set(`${name}.example.com`, addresses)
    const callback = `https://${name}.example.com:8443/`
    const { id } = await submit({ callbackOn: ['queued'], callback })
    t.match(await settled(id), [{ state: 'refused', tries: 1, lastFault: 'address-refused' }], name)
  }
  const { id } = await submit({ callbackOn: ['queued'] })
  t.match(
    await settled(id),
    [{ state: 'refused', lastFault: 'address-refused' }],
    'an origin that the grant names, without its range',
  )
  t.same(receiver.heard, [])
  const named = await openHooks(api, 'insider', receiver)
  t.match(
    await named.settled((await named.submit({ callbackOn: ['queued'] })).id),
    [{ state: 'delivered' }],
    'control: with the range it arrives',
  )
})

t.test('a name is asked for once a try: its second answer is nobody’s', async (t) => {
  const { submit, settled } = await openHooks(api, 'rebinder', receiver)
  names.set('hooks.internal', ['127.0.0.1'])
  names.asked.length = 0
  const { id } = await submit({ callbackOn: ['queued'] })
  t.match(await settled(id), [{ state: 'delivered' }])
  t.same(names.asked.sort(), ['A hooks.internal', 'AAAA hooks.internal'])
  names.asked.length = 0
  names.set('hooks.internal', ['127.0.0.1'], ['10.0.0.1'])
  receiver.answer = say(500)
  const other = await submit({ callbackOn: ['queued'] })
  t.match(
    await settled(other.id),
    [{ state: 'refused', tries: 2, lastStatus: null, lastFault: 'address-refused' }],
    'and each try judges what it was told',
  )
  names.set('hooks.internal', ['127.0.0.1'])
})

t.test('a name without an address is tried again', async (t) => {
  const { submit, settled } = await openHooks(api, 'nameless', receiver)
  names.set('hooks.internal', [])
  const { id } = await submit({ callbackOn: ['queued'] })
  t.match(await settled(id), [{ state: 'failed', tries: 4, lastFault: 'unresolved' }])
  names.set('hooks.internal', ['127.0.0.1'])
})

t.test('receivers that hang hold nothing but their tenant’s own places', async (t) => {
  const hanging = await openHooks(api, 'hanging', receiver)
  const lively = await openHooks(api, 'lively', receiver)
  receiver.answer = (response, { path }) => {
    if (!path.includes('hanging')) response.writeHead(204).end()
  }
  const jobs: string[] = []
  for (let count = 0; count < 12; count++)
    jobs.push((await hanging.submit({ callbackOn: ['queued'] })).id)
  await receiver.until(8)
  const { id } = await lively.submit({ callbackOn: ['queued'] })
  t.match(await lively.settled(id), [{ state: 'delivered', tries: 1 }])
  const hung = receiver.heard.filter(({ path }) => path.includes('hanging'))
  t.equal(hung.length, 8, 'eight at one time')
  const [first = ''] = jobs
  const timedOut = await hanging.settled(first, ([one]) => one?.lastTriedAt !== null)
  t.match(timedOut, [{ state: 'waiting', lastFault: 'timed-out' }])
  receiver.answer = say(204)
  for (const job of jobs) t.match(await hanging.settled(job), [{ state: 'delivered' }])
})

async function startSender(): Promise<ChildProcess> {
  const settings = {
    ...api.settings,
    address: `127.0.0.1:${await freePort()}`,
    adminSocket: join(redis.directory, 'sender.sock'),
  }
  const variables = Object.entries(settings).map(
    ([name, value]) => [variableOf(name), String(value)] as const,
  )
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=512', join(releaseDirectory, 'dist', 'api', 'main.js')],
    {
      env: { PATH: process.env.PATH ?? '', ...Object.fromEntries(variables) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await new Promise<void>((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (piece: Buffer) => {
      said += piece.toString()
      if (said.includes('"listening"')) resolve()
    })
    child.once('exit', () => reject(new Error(said)))
  })
  return child
}

t.test('a sender that is killed in the middle loses nothing', async (t) => {
  const { submit, settled } = await openHooks(api, 'survivor', receiver)
  const child = await startSender()
  const ended = once(child, 'exit')
  // This process's own sender is busy elsewhere: only the other one takes what comes now.
  const { deliveries } = api.service.store
  const { take } = deliveries
  deliveries.take = async () => []
  receiver.answer = () => undefined
  const { id } = await submit({ callbackOn: ['queued'] })
  await receiver.until(1)
  child.kill('SIGKILL')
  await ended
  deliveries.take = take
  receiver.answer = say(204)
  t.match(await settled(id), [{ state: 'delivered', tries: 2 }], 'another takes it over')
  t.equal(new Set(receiver.heard.map((one) => one.id)).size, 1, 'under the same id')
})

t.test('Redis is killed while a webhook is sent, and comes back', async (t) => {
  const { submit, settled, key } = await openHooks(api, 'patient', receiver)
  const ends: (() => void)[] = []
  receiver.answer = (response) => void ends.push(() => response.writeHead(204).end())
  const { id } = await submit({ callbackOn: ['queued'] })
  await receiver.until(1)
  await redis.kill()
  for (const end of ends) end()
  receiver.answer = say(204)
  await redis.start()
  while ((await ask(api.origin, 'GET', '/v1/jobs', { key })).status !== 200);
  t.match(await settled(id), [{ state: 'delivered' }], 'sent at least once, and told as sent')
  t.equal(new Set(receiver.heard.map((one) => one.id)).size, 1)
})
