// The ways in which an operator starts an instance: as a user with sudo in a terminal, into a pipe, again with other flags, after a
// loss of power. Each is an instance of its own from one checkout, removed afterwards.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { asRoot, tryAsRoot } from '../stack.js'
import { copyCheckout, ownInstance } from './own-checkout.js'
import { findTraces, traces } from './traces.js'

const { directory: checkout, remove } = copyCheckout()
t.teardown(remove)
const stockade = join(checkout, 'stockade')
const onSystemd = existsSync('/run/systemd/system')

/** One connection a request: between two of them the service may have been started again. */
const headersOf = (key: string): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  connection: 'close',
})

type Instance = {
  readonly instance: string
  readonly address: string
  /** Runs a verb as root into a pipe. */
  run(...words: string[]): { status: number | null; stdout: string; stderr: string }
  /** `up --detach`, which must work. */
  up(...words: string[]): string
  job(key: string, spec: JobSpec, waitSeconds?: number): Promise<Job>
  profile(home: string): string
}

function openInstance(t: Test, suffix: string, portsFurther: number): Instance {
  const { instance, address } = ownInstance(suffix, portsFurther)
  const named = ['--instance', instance]
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const run: Instance['run'] = (...words) => {
    const [program = '', ...rest] = [...sudo, stockade, ...words, ...named]
    return spawnSync(program, rest, { encoding: 'utf8' })
  }
  t.teardown(() => run('down', '--purge'))
  return {
    instance,
    address,
    run,
    up(...words) {
      const { status, stdout, stderr } = run('up', '--detach', ...words)
      if (status !== 0) throw new Error(`${stdout}\n${stderr}`)
      return stdout + stderr
    },
    async job(key, spec, waitSeconds = 60) {
      const response = await fetch(`http://${address}/v1/jobs?wait=${waitSeconds}`, {
        method: 'POST',
        headers: { ...headersOf(key), 'content-type': 'application/json' },
        body: JSON.stringify(spec),
      })
      if (!response.ok) throw new Error(await response.text())
      return (await response.json()) as Job
    },
    profile: (home) => join(home, '.config/stockade', `${instance}.key`),
  }
}

const hello: JobSpec = { language: 'bash', source: 'echo hello' }
const homeOf = (user: string): string =>
  asRoot(['getent', 'passwd', user]).trim().split(':')[5] ?? '/nonexistent'
const readAsRoot = (path: string): string => asRoot(['cat', path]).trim()
/** Whoever runs the tests with sudo has the profile of `up` through a pipe. */
const myHome = homeOf(asRoot(['sh', '-c', `echo "\${SUDO_USER:-root}"`]).trim())

/** All that the services have logged. */
const logsOf = (instance: string): string =>
  onSystemd
    ? asRoot(['journalctl', '--no-pager', '--unit', `${instance}-*`])
    : asRoot(['find', `/var/log/${instance}`, '-type', 'f', '-exec', 'cat', '{}', '+'])

/** A user with sudo rights, as an operator has it. */
function addOperator(t: Test, name: string): void {
  const rights = `/etc/sudoers.d/${name}`
  const removeUser = (): void => {
    tryAsRoot(['rm', '-f', rights])
    tryAsRoot(['userdel', '--remove', name])
  }
  // One that an interrupted run has left.
  removeUser()
  t.teardown(removeUser)
  asRoot(['useradd', '--create-home', '--shell', '/bin/bash', name])
  asRoot(['tee', rights], `${name} ALL=(ALL:ALL) NOPASSWD: ALL\n`)
  asRoot(['chmod', '0440', rights])
}

type Terminal = {
  readonly child: ChildProcess
  /** Resolves with all that was shown, as soon as the words are there. */
  shows(words: string): Promise<string>
  press(keys: string): void
  readonly ended: Promise<unknown[]>
}

/** Runs a command line as a user, in a terminal of its own. */
function openTerminal(user: string, line: string): Terminal {
  const path = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`
  const words = ['env', '-i', `PATH=${path}`, `HOME=${homeOf(user)}`, 'TERM=dumb', 'LANG=C.UTF-8']
  const script = ['script', '--quiet', '--flush', '--return', '--command', line, '/dev/null']
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const [program = '', ...rest] = [...sudo, 'runuser', '-u', user, '--', ...words, ...script]
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' })
  const ended = once(child, 'exit')
  let shown = ''
  const looks = new Set<() => void>()
  child.stdout?.on('data', (piece: Buffer) => {
    shown += piece.toString()
    for (const look of looks) look()
  })
  return {
    child,
    ended,
    press: (keys) => void child.stdin?.write(keys),
    shows: (words) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!shown.includes(words)) return
          looks.delete(look)
          resolve(shown)
        }
        looks.add(look)
        look()
        ended.then(() => reject(new Error(`ended before '${words}':\n${shown}`)))
      }),
  }
}

t.test('a user with sudo, in a terminal: the key is shown, Ctrl-C stops it all', async (t) => {
  const one = openInstance(t, 'term', 1000)
  const operator = `${one.instance}-op`
  addOperator(t, operator)
  const profile = one.profile(homeOf(operator))
  // Links in the way of the profile lead root nowhere.
  const victim = `/var/tmp/${one.instance}-victim`
  t.teardown(() => asRoot(['rm', '-f', victim]))
  asRoot(['sh', '-c', 'echo "of root" > "$1" && chmod 0600 "$1"', 'sh', victim])
  const plant = 'mkdir -p "$1" && ln -s "$2" "$3" && ln -s "$2" "$3.new"'
  asRoot([
    ...['runuser', '-u', operator, '--', 'sh', '-c', plant],
    ...['sh', dirname(profile), victim, profile],
  ])

  const up = `${stockade} up --instance ${one.instance} --address ${one.address} --slots 2`
  const terminal = openTerminal(operator, up)
  // However this ends: one that goes on would keep this file from its end.
  t.teardown(() => terminal.child.kill())
  const shown = await terminal.shows('Ctrl-C stops the service')
  const [, key = ''] = /the key, shown this once: +(\S+)/.exec(shown) ?? []
  t.equal(readAsRoot(profile), key, 'the profile has the key that the terminal showed')
  t.equal(asRoot(['stat', '-c', '%U %a %F', profile]).trim(), `${operator} 600 regular file`)
  t.equal(readAsRoot(victim), 'of root', 'what a link named is as it was')
  t.equal(asRoot(['stat', '-c', '%U %a', victim]).trim(), 'root 600')
  t.match(await one.job(key, hello), { outcome: 'ok', stdout: 'hello\n' })
  t.notMatch(logsOf(one.instance), key, 'no log has the key')
  t.match(findTraces('processes', one.instance), 'tail', 'logs are followed (control)')

  terminal.press('\x03')
  t.same(await terminal.ended, [0, null])
  t.equal(findTraces('processes', one.instance), '', 'no service and no log follower is left')
  t.not(one.run('status').status, 0)

  one.run('down', '--purge')
  for (const kind of traces) t.equal(findTraces(kind, one.instance), '', `${kind} of all users`)
})

t.test('into a pipe, then again with other flags', async (t) => {
  const one = openInstance(t, 'again', 1004)
  const said = one.up('--address', one.address, '--slots', '1')
  const key = readAsRoot(one.profile(myHome))
  t.notMatch(said, key, 'a pipe sees no key')
  t.notMatch(logsOf(one.instance), key, 'and no log')
  t.match(await one.job(key, hello), { outcome: 'ok' })
  const slots = (): string[] =>
    asRoot(['ls', `/run/${one.instance}/slots`])
      .split('\n')
      .filter((name) => /^\d+$/.test(name))
  const ids = (): string => findTraces('subordinateIds', one.instance).split(':').at(-1) ?? ''
  t.same([slots().length, ids()], [1, String(2 * 65_536)])

  one.up('--slots', '3')
  t.same([slots().length, ids()], [3, String(4 * 65_536)])
  const together = Array.from({ length: 3 }, () => one.job(key, hello))
  for (const job of await Promise.all(together)) t.match(job, { outcome: 'ok' })

  const port = Number(one.address.split(':')[1])
  const stranger = createServer().listen(port + 3, '127.0.0.1')
  await once(stranger, 'listening')
  const refused = one.run('up', '--detach', '--address', `127.0.0.1:${port + 2}`)
  t.equal(refused.status, 1)
  t.match(refused.stderr, `port ${port + 3} is taken by another program (`)
  t.match(refused.stderr, `pid ${process.pid})`)
  t.match(refused.stderr, 'workerMetricsAddress', 'and it says what to do')
  t.match(await one.job(key, hello), { outcome: 'ok' }, 'what runs goes on as it was')
  stranger.close()

  const settings = `/etc/${one.instance}/stockade.yaml`
  asRoot(['sed', '-i', "s/^workerMetricsAddress:.*/workerMetricsAddress: '' # nowhere/", settings])
  one.up()
  t.match(readFileSync(settings, 'utf8'), /^workerMetricsAddress: ''/m)
  t.match(await one.job(key, hello), { outcome: 'ok' })
  await t.rejects(fetch(`http://127.0.0.1:${port + 1}/metrics`), 'the worker listens nowhere')
})

/** All that a loss of power takes: every process, mount, control group and file below /run. What is on the disk stays as it is. */
const losePower = `
  runsvdir=$(pgrep -f -x "runsvdir -P /var/lib/$1/service")
  kill -KILL $runsvdir $(pgrep -P $runsvdir)
  pkill -KILL -u "$1-api,$1-worker,$1-launcher"
  trees=$(find /sys/fs/cgroup -type d -name "$1")
  for round in 1 2 3 4 5 6 7 8 9 10; do
    find $trees -name cgroup.procs -exec cat {} + | sort -u | xargs -r kill -KILL 2> /dev/null || true
    find $trees -depth -type d -exec rmdir {} + 2> /dev/null && break
    sleep 0.$round
  done
  for mount in /run/"$1"/slots/*/images /run/"$1"/slots/devices; do umount --lazy "$mount"; done
  rm -rf --one-file-system /run/"$1"`

const noReboot = onSystemd && 'a machine with systemd is rebooted by npm run test:vm'

t.test('after a loss of power, without systemd', { skip: noReboot }, async (t) => {
  const one = openInstance(t, 'power', 1008)
  one.up('--address', one.address, '--slots', '1')
  const key = readAsRoot(one.profile(myHome))
  const running = await one.job(key, { language: 'bash', source: 'sleep 3; echo ran' }, 1)
  const waiting = await one.job(key, hello, 0)
  asRoot(['sh', '-c', losePower, 'sh', one.instance])
  for (const kind of ['mounts', 'controlGroups', 'processes'] as const)
    t.equal(findTraces(kind, one.instance), '', `no ${kind}`)
  t.notOk(existsSync(`/run/${one.instance}`))

  t.notMatch(one.up(), key, 'the key is as it was, and not shown')
  t.match(await one.job(key, hello), { outcome: 'ok', stdout: 'hello\n' })
  for (const [{ id }, stdout] of [[running, 'ran\n'] as const, [waiting, 'hello\n'] as const]) {
    const response = await fetch(`http://${one.address}/v1/jobs/${id}?wait=60`, {
      headers: headersOf(key),
    })
    t.match(await response.json(), { state: 'finished', outcome: 'ok', stdout }, id)
  }
})
