// The guard as an operator starts it: by ./stockade, under a user of its own, in front of a real engine. On the shared instance.
import { chmodSync, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { asRoot, instance } from '../stack.js'
import { repository } from '../tidy-source.js'
import { startEngine } from './engine.js'
import { run } from './live-guard.js'

const engine = await startEngine()
const group = `${instance}-engine`
chmodSync(engine.directory, 0o755)
const stockade = (...words: string[]) =>
  run(join(repository, 'stockade'), ['guard', ...words, '--instance', instance])
const socket = `/run/${instance}/guard/acme/docker.sock`

t.teardown(async () => {
  await stockade('down')
  asRoot(['rm', '-f', `/etc/${instance}/guard.yaml`])
  await engine.end()
  await run('groupdel', [group])
})

t.test('a socket of the group root is not taken', async (t) => {
  const { code, err } = await stockade(
    'up',
    '--engine',
    `unix://${engine.socket}`,
    '--tenant',
    'acme=platform',
  )
  t.equal(code, 1)
  t.match(err, /into which no service is put[\s\S]*dockerd --group/)
})

t.test('it starts under a user of its own, and serves its tenant', async (t) => {
  await run('groupadd', ['--system', group])
  await run('chgrp', [group, engine.socket])
  const { code, out, err } = await stockade('up')
  t.equal(code, 0, err)
  t.match(out, new RegExp(`DOCKER_HOST=unix://${socket}`))
  const { mode } = statSync(socket)
  t.equal(mode & 0o777, 0o660)
  const hello = await run(engine.client, [
    '--host',
    `unix://${socket}`,
    'run',
    '--rm',
    'base',
    '/bin/echo',
    'hello',
  ])
  t.same(hello, { code: 0, out: 'hello\n', err: '' })
  const [, pid = ''] = /guard +running +(\d+)/.exec((await stockade('status')).out) ?? []
  const status = (await run('cat', [`/proc/${pid}/status`])).out
  t.notMatch(status, /^Uid:\t0\t/m, 'it is not root')
  t.match(status, /^CapBnd:\t0+$/m, 'it has no capability, and gets none')
  t.match(status, /^NoNewPrivs:\t1$/m)
})

t.test('a stranger to its group cannot come in', async (t) => {
  const words = [
    '--reuid',
    'nobody',
    '--regid',
    'nogroup',
    '--clear-groups',
    'curl',
    '--silent',
    '--show-error',
  ]
  const { code, err } = await run('setpriv', [
    ...words,
    '--unix-socket',
    socket,
    'http://docker/_ping',
  ])
  t.not(code, 0)
  t.match(err, /connect/i)
})

t.test('it ends, and leaves no door', async (t) => {
  t.equal((await stockade('down')).code, 0)
  t.notOk(existsSync(socket))
})
