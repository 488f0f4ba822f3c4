// The launcher's own confinement, as its own code sets it up, tried from within: each line has a control without it. That the running
// launcher has it on is read from the kernel in test/sandbox/launcher.test.ts.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { repository } from '../tidy-source.js'

const { EACCES, ENOENT, ENOSYS, EPERM } = constants.errno
const folder = mkdtempSync(join(tmpdir(), 'stockade-confine-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const program = join(folder, 'confine-probe')
const sources = ['own_filter.c', 'landlock.c'].map((name) =>
  join(repository, 'native', 'launcher', name),
)
execFileSync('gcc', [
  ...['-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Werror', '-o', program],
  ...['-I', join(repository, 'native', 'launcher')],
  join(repository, 'test', 'native', 'confine-probe.c'),
  ...sources,
])
const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
await once(server, 'listening')
t.teardown(() => server.close())
const { port } = server.address() as AddressInfo

/** Errno by try. */
async function probe(how: 'none' | 'inner' | 'front'): Promise<Record<string, number>> {
  const child = spawn(program, [how, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (status !== 0) throw new Error(`${how}: status ${status}; ${output}`)
  const lines = output.trim().split('\n')
  return Object.fromEntries(lines.map((line) => line.split(' ')).map(([n, e]) => [n, Number(e)]))
}

const free = {
  ...{ tcp: 0, abstract: 0, open: 0, socket: 0, fork: 0, kill: 0, keyring: 0, ptrace: 0 },
  execute: ENOENT,
}

t.test('control: without it, each try succeeds', async (t) => {
  t.same(await probe('none'), free)
})

t.test(
  'the inner process: no TCP, no signal or abstract socket to others, no keyring, no ptrace',
  async (t) => {
    const denied = { tcp: EACCES, abstract: EPERM, kill: EPERM, keyring: ENOSYS, ptrace: ENOSYS }
    t.same(await probe('inner'), { ...free, ...denied })
  },
)

t.test('the front: nothing of it', async (t) => {
  const all = Object.keys(free).map((name) => [name, EPERM])
  t.same(await probe('front'), Object.fromEntries(all))
})
