// Streams through the guard: half-closed connections, large ones both ways, what is not read is not taken, and what a client leaves behind.
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { run, startGuard } from './live-guard.js'
import { exchange, request } from './raw.js'

const guard = await startGuard()
t.teardown(() => guard.end())
const { engine } = guard
const socket = guard.socketOf('acme')
const acme = (...words: string[]) => guard.docker('acme', words)

t.test('ten mebibytes by standard input come back whole', async (t) => {
  const input = 'x'.repeat(1023).concat('\n').repeat(10_240)
  const { code, out } = await guard.docker('acme', ['run', '--rm', '-i', 'base', '/bin/cat'], input)
  t.equal(code, 0)
  t.equal(out.length, input.length)
  t.ok(out === input)
})

t.test('a client that ends its input hears the rest', async (t) => {
  const words = ['run', '--rm', '-i', 'base', '/bin/sh', '-c', 'cat; echo after the end']
  t.equal((await guard.docker('acme', words, 'in\n')).out, 'in\nafter the end\n')
})

t.test(
  'an attach whose body is in chunks is read, and none of it reaches the program',
  async (t) => {
    await acme('create', '-i', '--name', 'chunks', 'base', '/bin/cat')
    const client = connect({ path: socket, allowHalfOpen: true })
    const head = [
      'POST /v1.41/containers/chunks/attach?stream=1&stdin=1&stdout=1 HTTP/1.1',
      ...[
        'Host: docker',
        'Connection: Upgrade',
        'Upgrade: tcp',
        'Transfer-Encoding: chunked',
        '',
        '',
      ],
    ]
    client.write(`${head.join('\r\n')}2\r\n{}\r\n0\r\n\r\nthe input\n`)
    let text = ''
    client.on('data', (piece) => {
      text += piece.toString('latin1')
    })
    await once(client, 'data')
    t.match(
      text,
      /^HTTP\/1\.1 101 UPGRADED\r\nContent-Type: application\/vnd\.docker\.raw-stream\r\n/,
    )
    const { status } = await exchange(socket, request('POST', '/v1.41/containers/chunks/start'))
    t.equal(status, 204)
    client.end()
    await once(client, 'end')
    t.ok(
      text.endsWith('\x01\0\0\0\0\0\0\x0athe input\n'),
      'its output is that, in one frame, and the end follows',
    )
    await acme('rm', '-f', 'chunks')
  },
)

t.test('without Upgrade the output is the body of the answer', async (t) => {
  await acme('create', '--name', 'plain', 'base', '/bin/echo', 'plain')
  const answer = exchange(
    socket,
    request('POST', '/v1.41/containers/plain/attach?stream=1&stdout=1'),
    3000,
  )
  await acme('start', '-a', 'plain')
  t.match((await answer).text, /200 OK[\s\S]*plain\n/)
  await acme('rm', 'plain')
})

t.test('what a client does not read is not taken from the engine', async (t) => {
  const words = ['run', '-d', '--name', 'flood', 'base', '/bin/sh', '-c', 'exec seq 1 100000000']
  const { out } = await acme(...words)
  const client = connect(socket)
  client.write(request('GET', `/v1.41/containers/${out.trim()}/logs?stdout=1&follow=1`))
  await once(client, 'readable')
  const before = guard.memory()
  for (let look = 0; look < 20; look++) await exchange(socket, request('GET', '/_ping'))
  t.ok(guard.memory() - before < 32 * 1_048_576, 'the guard holds little of it')
  client.destroy()
  await acme('rm', '-f', 'flood')
})

t.test('a client that goes leaves no connection to the engine behind', async (t) => {
  const { out } = await acme('run', '-d', 'base', '/bin/sleep', '3600')
  const id = out.trim()
  const clients = Array.from({ length: 40 }, () => connect(socket))
  for (const client of clients) {
    client.write(request('POST', `/v1.41/containers/${id}/wait`))
    await once(client, 'data')
  }
  t.ok(guard.recorder.open() >= 40, 'each waits by a connection of its own')
  for (const client of clients) client.destroy()
  // What is kept for the next request is fewer.
  while (guard.recorder.open() >= 40 - 16) await guard.recorder.closed()
  t.pass('and they end')
  await acme('rm', '-f', id)
})

t.test('logs, wait and events answer at once', async (t) => {
  const { out } = await acme('run', '-d', 'base', '/bin/sleep', '3600')
  for (const target of [`/containers/${out.trim()}/logs?stdout=1&follow=1`, '/events']) {
    const answer = await exchange(socket, request('GET', `/v1.41${target}`))
    t.equal(answer.status, 200, target)
  }
  const following = run(guard.client, ['--host', `unix://${socket}`, 'logs', '-f', out.trim()])
  engine.docker('kill', out.trim())
  t.equal((await following).code, 0, 'a followed log ends with its container')
  await acme('rm', '-f', out.trim())
})
