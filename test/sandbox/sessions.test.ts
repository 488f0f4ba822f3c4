// Sessions, by HTTP and by WebSocket, on the running stack: programs in them, terminals, quotas, time-outs, and who goes away.
import t from 'tap'
import { WebSocket } from 'ws'
import type { ExecOutput, Session } from '../../contract/session.js'
import {
  address,
  asRoot,
  instance,
  openTenant,
  persist,
  servicePid,
  type Tenant,
} from '../stack.js'

const tenant = openTenant('sessions', 'platform')
const mebibyte = 1_048_576

const ask = async (
  method: string,
  path: string,
  body?: unknown,
  { key }: Tenant = tenant,
): Promise<{ status: number; json: Record<string, unknown> }> => {
  const response = await fetch(`http://${address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: (await response.json()) as Record<string, unknown> }
}

async function openSession(more: object = {}): Promise<string> {
  const { status, json } = await ask('POST', '/v1/sessions', {
    image: 'default',
    limits: { wallMs: 120_000 },
    ...more,
  })
  if (status !== 201) throw new Error(JSON.stringify(json))
  return String(json.id)
}

const exec = async (id: string, body: object): Promise<ExecOutput> => {
  const { status, json } = await ask('POST', `/v1/sessions/${id}/exec`, body)
  if (status !== 200) throw new Error(JSON.stringify(json))
  return json as unknown as ExecOutput
}

async function close(id: string): Promise<void> {
  const { status, json } = await ask('DELETE', `/v1/sessions/${id}`)
  if (status !== 200 && status !== 202) throw new Error(JSON.stringify(json))
}
const read = async (id: string): Promise<Session> =>
  (await ask('GET', `/v1/sessions/${id}`)).json as unknown as Session
const ended = (id: string): Promise<Session> =>
  persist(async () => {
    const session = await read(id)
    if (session.state !== 'ended') throw new Error(session.state)
    return session
  })

t.test('programs share a sandbox, its files and what they leave in its environment', async (t) => {
  const id = await openSession({
    env: { OWN: 'session' },
    files: [{ path: 'a.txt', content: 'hello' }],
  })
  t.match(
    await exec(id, { run: 'cat a.txt; echo " $OWN"; echo bad >&2; echo more > b.txt; exit 3' }),
    {
      ...{ outcome: 'exit-nonzero', exitCode: 3, signal: null },
      ...{ stdout: 'hello session\n', stderr: 'bad\n' },
    },
  )
  t.match(await exec(id, { command: ['cat', 'b.txt', '-'], stdin: 'typed' }), {
    ...{ outcome: 'ok', exitCode: 0, stdout: 'more\ntyped' },
  })
  await exec(id, { run: 'true', env: { KEPT: 'yes' }, keepEnv: true })
  await exec(id, { run: 'true', env: { GONE: 'yes' } })
  const { stdout } = await exec(id, { run: 'echo "$KEPT,$GONE"; pwd', workdir: '/tmp' })
  t.equal(stdout, 'yes,\n/tmp\n')
  t.match(await exec(id, { run: 'printf "\\377"' }), {
    ...{ stdout: '/w==', encoding: { stdout: 'base64', stderr: 'utf8' } },
  })
  t.match(await exec(id, { command: ['/no/such'] }), { outcome: 'exit-nonzero', exitCode: null })
  t.match(await exec(id, { run: 'sleep 60', wallMs: 200 }), { outcome: 'wall-time-limit' })
  t.match(await exec(id, { run: 'head -c 5000000 /dev/zero' }), { outcome: 'output-limit' })
  t.match(await read(id), { state: 'open', outcome: null })
  t.match((await ask('GET', '/v1/sessions')).json, { sessions: [{ id }] })
  await close(id)
  t.match(await ended(id), { outcome: 'cancelled' })
  t.match((await ask('POST', `/v1/sessions/${id}/exec`, { run: 'true' })).json, {
    ...{ status: 409, code: 'conflict' },
  })
  const { json } = await ask('GET', `/v1/jobs/${id}`)
  t.match(json, { outcome: 'cancelled', attempts: 1, usage: { cpuMs: Number } })
  t.ok((json.usage as { cpuMs: number }).cpuMs > 0, 'what its programs used is the session’s')
})

t.test('many run at one time', async (t) => {
  const id = await openSession()
  const waiting = exec(id, { run: 'while [ ! -e go ]; do sleep 0.02; done; echo went' })
  const many = Array.from({ length: 8 }, (_, at) => exec(id, { run: `echo ${at}` }))
  t.same(
    (await Promise.all(many)).map(({ stdout }) => stdout),
    many.map((_, at) => `${at}\n`),
  )
  await exec(id, { run: 'touch go' })
  t.equal((await waiting).stdout, 'went\n')
  await close(id)
})

t.test('it is judged as a job is, and counted', async (t) => {
  const poor = openTenant('sessions-poor')
  t.match((await ask('POST', '/v1/sessions', { image: 'default' }, poor)).json, {
    ...{ status: 403, code: 'policy-denied', violations: [{ rule: 'session' }] },
  })
  const { json } = await ask('POST', '/v1/sessions', {
    image: 'default',
    command: ['true'],
    session: { idleMs: 1e6 },
  })
  t.match(json, { status: 400, violations: [{ pointer: '/command' }] })
  const other = openTenant('sessions-other', 'platform')
  const id = await openSession()
  t.equal((await ask('GET', `/v1/sessions/${id}`, undefined, other)).status, 404)
  t.equal((await ask('POST', `/v1/sessions/${id}/exec`, { run: 'id' }, other)).status, 404)
  t.match((await ask('POST', `/v1/sessions/${id}/exec`, { run: 'id', command: ['id'] })).json, {
    ...{ status: 400, code: 'invalid-request' },
  })
  t.equal((await ask('POST', `/v1/sessions/${id}/exec`, { runs: 'id' })).status, 400)
  await close(id)
})

t.test('a tenant has as many as its quota says', async (t) => {
  const bounded = openTenant('sessions-bounded', 'platform')
  const words = ['tenant', 'change', bounded.name, '--quota', 'sessions=1', '--instance', instance]
  asRoot(['./stockade', ...words])
  const open = () => ask('POST', '/v1/sessions', { image: 'default' }, bounded)
  const first = await open()
  t.equal(first.status, 201)
  t.match((await open()).json, {
    ...{ status: 429, code: 'quota-exceeded' },
    quota: { name: 'sessions', limit: 1, used: 1 },
  })
  const batch = { jobs: [{ image: 'default', session: {} }] }
  t.match((await ask('POST', '/v1/batches', batch, bounded)).json, {
    ...{ status: 400, violations: [{ pointer: '/jobs/0/session' }] },
  })
  const { id } = first.json as { id: string }
  await ask('DELETE', `/v1/sessions/${id}`, undefined, bounded)
  await persist(async () => {
    const again = await open()
    if (again.status !== 201) throw new Error(`still ${again.status}`)
  })
})

t.test('an idle one ends, and so does one whose life is over', async (t) => {
  const idle = await openSession({ session: { idleMs: 300 } })
  await exec(idle, { run: 'sleep 0.6' })
  t.match(await ended(idle), { outcome: 'ok', cause: /idle/ })
  const short = await openSession({ limits: { wallMs: 1500 } })
  const result = await ask('POST', `/v1/sessions/${short}/exec`, { run: 'sleep 60' })
  t.ok(result.status === 409 || result.json.outcome === 'wall-time-limit', JSON.stringify(result))
  t.match(await ended(short), { outcome: 'wall-time-limit' })
})

type Attached = {
  readonly socket: WebSocket
  readonly result: Promise<Record<string, unknown>>
  says(pattern: RegExp): Promise<string>
  type(text: string): void
  word(word: object): void
  readonly error: () => string
}

async function attach(id: string, start: object): Promise<Attached> {
  const socket = new WebSocket(`ws://${address}/v1/sessions/${id}/attach`, {
    headers: { authorization: `Bearer ${tenant.key}` },
  })
  const streams = ['', '', '']
  let wake: () => void = () => undefined
  let isOver = false
  const result = new Promise<Record<string, unknown>>((resolve, reject) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) resolve(JSON.parse(data.toString()) as Record<string, unknown>)
      else {
        const at = data[0] ?? 0
        const text = (streams[at] ?? '') + data.subarray(1).toString('latin1')
        // What readline says around each line of its pasting.
        streams[at] = text
          .replaceAll('\u001b[?2004h', '')
          .replaceAll('\u001b[?2004l\r', '')
          .slice(-100_000)
      }
      wake()
    })
    socket.on('error', reject)
    socket.on('close', (code) => {
      isOver = true
      wake()
      reject(new Error(`closed with ${code}`))
    })
  })
  result.catch(() => undefined)
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.send(JSON.stringify(start))
  return {
    socket,
    result,
    error: () => streams[2] ?? '',
    type: (text) => socket.send(Buffer.from(text)),
    word: (word) => socket.send(JSON.stringify(word)),
    async says(pattern) {
      while (!pattern.test(streams[1] ?? '')) {
        if (isOver) throw new Error(`it ended with ${JSON.stringify(streams)}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return streams[1] ?? ''
    },
  }
}

t.test(
  'a real terminal through a WebSocket: a full-screen program, its size, its keys',
  async (t) => {
    const id = await openSession()
    const shell = await attach(id, {
      command: ['/bin/bash', '--norc', '-i'],
      env: { PS1: '> ', TERM: 'vt100' },
      terminal: { rows: 24, columns: 80 },
    })
    await shell.says(/> $/)
    shell.type('stty size; tty\n')
    await shell.says(/24 80\r\n\/dev\/pts\/\d+\r\n> $/)
    // A pager draws the screen anew at each change of its size, as vim and top do.
    const screen = `import curses, sys
def main(window):
    window.timeout(50) # a change of size may come between two reads of a key
    while True:
        rows, columns = window.getmaxyx()
        window.erase()
        window.addstr(0, 0, f"screen {rows}x{columns}")
        window.refresh()
        key = window.getch()
        if key == ord("q"):
            return
curses.wrapper(main)
print("screen left")`
    await exec(id, { run: 'cat > screen.py', stdin: screen })
    shell.type('python3 screen.py\n')
    await shell.says(/screen 24x80/)
    shell.word({ type: 'resize', rows: 40, columns: 132 })
    await shell.says(/40x132/)
    shell.type('q')
    await shell.says(/screen left\r\n> $/)
    shell.type('sleep 60\n')
    await shell.says(/sleep 60\r\n/)
    shell.type('\x03')
    await shell.says(/\^C[\s\S]*> $/)
    shell.type('exit 7\n')
    t.match(await shell.result, { type: 'result', exitCode: 7, outcome: 'exit-nonzero' })
    await close(id)
  },
)

t.test('without a terminal: two streams, the end of input, signals', async (t) => {
  const id = await openSession()
  const cat = await attach(id, { run: 'echo up; echo err >&2; cat' })
  await cat.says(/up\n/)
  cat.type('typed\n')
  await cat.says(/typed\n/)
  cat.word({ type: 'end' })
  t.match(await cat.result, { outcome: 'ok', exitCode: 0 })
  t.equal(cat.error(), 'err\n')
  const trap = await attach(id, {
    run: 'trap "echo caught; exit 9" USR1; echo up; while :; do sleep 0.05; done',
  })
  await trap.says(/up/)
  trap.word({ type: 'signal', name: 'USR1' })
  t.match(await trap.result, { exitCode: 9 })
  const wrong = await attach(id, { runs: 'id' })
  t.match(await wrong.result, { type: 'refused' })
  await close(id)
})

const residentBytes = (pid: number): number => {
  const status = asRoot(['cat', `/proc/${pid}/status`])
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

t.test(
  '100 MB through a reader that stops: its program waits, nobody holds it meanwhile, all of it comes',
  async (t) => {
    const id = await openSession()
    const pids = [servicePid('api'), servicePid('worker')]
    const memory = (): number => pids.reduce((sum, pid) => sum + residentBytes(pid), 0)
    const before = memory()
    const pieces = 1600
    const run = `yes abcdefg | head -c 65536 > piece; for i in $(seq ${pieces}); do cat piece; echo $i > done; done`
    const { socket, result, says } = await attach(id, { run: `echo; ${run}` })
    let got = 0
    let wrong = 0
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) return
      const expected = `\n${'abcdefg\n'.repeat(data.length / 8 + 2)}`
      const from = got === 0 ? 0 : ((got - 1) % 8) + 1
      if (data.subarray(1).toString('latin1') !== expected.slice(from, from + data.length - 1))
        wrong += 1
      got += data.length - 1
    })
    await says(/^/)
    socket.pause()
    const written = async (): Promise<number> =>
      Number((await exec(id, { run: 'cat done || echo 0' })).stdout)
    await persist(async () => {
      const at = await written()
      await exec(id, { run: 'sleep 0.3' })
      if ((await written()) !== at) throw new Error('it still writes')
    })
    const inFlight = (await written()) * 65_536
    t.ok(inFlight < 16 * mebibyte, `${inFlight} bytes are on their way`)
    t.ok(memory() - before < 48 * mebibyte, `${(memory() - before) / mebibyte} MiB more meanwhile`)
    socket.resume()
    t.match(await result, { outcome: 'ok' })
    t.equal(got, 1 + pieces * 65_536)
    t.equal(wrong, 0)
    await close(id)
  },
)

t.test('a client that goes away in mid-stream holds nothing', async (t) => {
  const id = await openSession()
  const { socket, says } = await attach(id, { run: 'echo up; exec sleep 77' })
  await says(/up/)
  socket.terminate()
  await persist(async () => {
    const { stdout } = await exec(id, { run: 'cat /proc/[0-9]*/cmdline | tr "\\0" " "' })
    if (stdout.includes('sleep 77')) throw new Error('it still runs')
  })
  t.pass('its program is gone')
  await close(id)
})

t.test('a stream by SSE', async (t) => {
  const id = await openSession()
  const response = await fetch(`http://${address}/v1/sessions/${id}/exec`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ run: 'cat; echo err >&2', stdin: 'in' }),
  })
  const text = await response.text()
  t.match(text, /event: stdout\ndata: {"base64":"aW4="}\n\n/)
  t.match(text, /event: stderr\ndata: {"base64":"ZXJyCg=="}\n\n/)
  t.match(text, /event: result\ndata: {"outcome":"ok",.*"exitCode":0/)
  await close(id)
})

t.test(
  'one whose worker is lost ends and says so; it is never another one under the same id',
  async (t) => {
    const id = await openSession()
    await exec(id, { run: 'echo precious > file' })
    const before = servicePid('worker')
    asRoot(['kill', '-9', String(before)])
    await persist(async () => {
      if (servicePid('worker') === before) throw new Error('not yet')
    })
    t.match(await ended(id), { outcome: 'sandbox-error' })
    const next = await openSession()
    t.match(await exec(next, { run: 'ls' }), { outcome: 'ok', stdout: '' })
    await close(next)
  },
)
