// Several process trees side by side in one sandbox, as the worker’s own client starts them at the running launcher.
import t from 'tap'
import type { Finished, Started } from '../../contract/launch.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import type { LaunchError } from '../../native/launch-client.js'
import type { Programs } from '../../native/launch-encode.js'
import {
  openTrees,
  type TerminalSize,
  type Tree,
  type TreeSandbox,
} from '../../native/launch-trees.js'
import { compileSeccomp } from '../../native/seccomp.js'
import { defaultImage, plainPlan, plainStep } from '../launch-plan.js'
import { instance, persist } from '../stack.js'
import { openWorkerRelay } from './worker-relay.js'

const image = defaultImage(`/var/lib/${instance}/images`)
const { socket, close } = await openWorkerRelay()
t.teardown(close)

const { program: filter } = compileSeccomp('default', { profilesFolder: 'profiles' })
const programs: Programs = { filter, audit: null }

const mebibyte = 1_048_576
const plan = (more: Partial<Plan> = {}): Plan => ({
  ...plainPlan(image, [plainStep(['/bin/true'])]),
  memoryBytes: 256 * mebibyte,
  processes: 64,
  ...more,
})
const shell = (script: string, more: Partial<PlanStep> = {}): PlanStep =>
  plainStep(['/bin/bash', '-c', script], more)

const open = (more: Partial<Plan> = {}): TreeSandbox => openTrees(socket, 'trees', plan(more), [])

type Ran = {
  readonly tree: Tree
  readonly finished: Promise<Finished>
  /** Until its output so far, both streams together, matches. */
  says(pattern: RegExp): Promise<string>
  readonly out: () => string
  readonly error: () => string
  readonly started: () => Started | null
}

/** Where it failed; nothing if it did not. */
const stageOf = (finished: Promise<Finished>): Promise<string | null> =>
  finished.then(
    () => null,
    ({ stage }: LaunchError) => stage,
  )

function run(sandbox: TreeSandbox, step: PlanStep, terminal?: TerminalSize): Ran {
  let stdout = ''
  let stderr = ''
  let started: Started | null = null
  let wake: () => void = () => undefined
  const tree = sandbox.start(
    step,
    programs,
    {
      onStarted: (report) => {
        started = report
      },
      onStdout: (bytes) => {
        stdout += bytes.toString('latin1')
        wake()
      },
      onStderr: (bytes) => {
        stderr += bytes.toString('latin1')
        wake()
      },
      onCalls: () => undefined,
    },
    terminal,
  )
  let over = false
  const note = (): void => {
    over = true
    wake()
  }
  tree.finished.then(note, note)
  return {
    tree,
    finished: tree.finished,
    out: () => stdout,
    error: () => stderr,
    started: () => started,
    async says(pattern) {
      while (!pattern.test(stdout + stderr)) {
        if (over) throw new Error(`it ended with ${JSON.stringify(stdout + stderr)}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return stdout + stderr
    },
  }
}

t.test(
  'trees run at one time in one sandbox, each with streams and an end of its own',
  async (t) => {
    const sandbox = open()
    const server = run(
      sandbox,
      shell('echo up; read line; echo "got $line" >&2; exit 7', { takesStdin: true }),
    )
    await server.says(/up/)
    const sibling = run(sandbox, shell('echo out; echo err >&2'))
    t.match(await sibling.finished, { ended: 'exited', exitCode: 0, reason: 'none' })
    t.match(sibling.out(), /out/)
    t.equal(sibling.error(), 'err\n', 'streams are not mixed')
    t.equal(server.out(), 'up\n', 'nor those of two trees')
    await server.tree.write(Buffer.from('hello\n'))
    t.match(await server.finished, { exitCode: 7, reason: 'none' })
    t.equal(server.error(), 'got hello\n')
    const [first, second] = [server.started(), sibling.started()]
    t.same(
      second?.namespaces,
      { ...first?.namespaces, cgroup: second?.namespaces.cgroup },
      'one sandbox',
    )
    t.not(second?.namespaces.cgroup, first?.namespaces.cgroup, 'a control group for each')
    await sandbox.end()
  },
)

t.test('each is hardened and read back as a single step is', async (t) => {
  const sandbox = open()
  const long = run(sandbox, shell('echo up; sleep 60', { wallMs: 60_000 }))
  await long.says(/up/)
  const beside = run(
    sandbox,
    shell(
      'grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp|Uid)" /proc/self/status; ulimit -n; ls /proc/self/fd | wc -l',
      { openFiles: 33 },
    ),
  )
  await beside.finished
  t.match(beside.out(), /Uid:\t1000\t1000\t1000\t1000/)
  t.match(
    beside.out(),
    /CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2/,
  )
  t.match(beside.out(), /\n33\n4\n$/, 'its own limit, and no descriptor but its streams')
  t.match(beside.started(), {
    seccompMode: 2,
    noNewPrivileges: true,
    landlockRestricted: true,
    processLimit: 16,
    resourceLimits: { openFiles: 33 },
  })
  await sandbox.end()
})

t.test('a tree’s end takes all of it, and nobody else', async (t) => {
  const sandbox = open()
  const other = run(sandbox, shell('echo up; exec sleep 50', { wallMs: 60_000 }))
  await other.says(/up/)
  const leaving = run(
    sandbox,
    shell('setsid sleep 40 & setsid bash -c "sleep 40 & sleep 40" & sleep 0.1; exit 3'),
  )
  t.match(await leaving.finished, { exitCode: 3 })
  const look = run(
    sandbox,
    shell('for f in /proc/[0-9]*/cmdline; do tr "\\0" " " < $f; echo; done'),
  )
  await look.finished
  t.match(look.out(), /sleep 50/, 'control: the neighbour lives')
  t.notMatch(look.out(), /sleep 40/)
  other.tree.cancel('cancelled')
  t.match(await other.finished, { ended: 'signalled', signal: 9, reason: 'cancelled' })
  await sandbox.end()
})

t.test('each has limits of its own: time, memory, output, processes', async (t) => {
  const sandbox = open()
  const quiet = run(sandbox, shell('echo up; exec cat', { takesStdin: true, wallMs: 60_000 }))
  await quiet.says(/up/)
  const [wall, cpu, memory, output, processes] = await Promise.all([
    run(sandbox, shell('sleep 60', { wallMs: 200 })).finished,
    run(sandbox, shell('while :; do :; done', { cpuMs: 200 })).finished,
    run(
      sandbox,
      shell('tail /dev/zero', {
        memoryBytes: 16 * mebibyte,
      }),
    ).finished,
    run(sandbox, shell('yes', { outputBytes: 100_000 })).finished,
    run(
      sandbox,
      shell('for i in 1 2 3 4 5 6; do sleep 1 & done 2>/dev/null; wait', {
        processes: 3,
        wallMs: 20_000,
      }),
    ).finished,
  ])
  t.match(wall, { reason: 'wall', signal: 9 })
  t.match(cpu, { reason: 'cpu' })
  t.match(memory, { reason: 'memory' })
  t.match(output, { reason: 'output', outputBytes: 100_000 })
  t.ok((processes?.processRefusals ?? 0) > 0, 'processes were refused')
  await quiet.tree.write(Buffer.from('still here\n'))
  await quiet.says(/still here/)
  quiet.tree.endInput()
  t.match(await quiet.finished, { exitCode: 0, reason: 'none' })
  await sandbox.end()
})

t.test(
  'a slow reader makes its program wait, and nobody else; not a byte is lost or mixed',
  async (t) => {
    const sandbox = open()
    const total = 8 * mebibyte
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let got = 0
    let wrong = 0
    const tree = sandbox.start(
      shell(`yes abcdefg | head -c ${total}`, { outputBytes: total }),
      programs,
      {
        onStarted: () => undefined,
        onStdout: (bytes) => {
          for (const byte of bytes) {
            if (byte !== 'abcdefg\n'.charCodeAt(got % 8)) wrong += 1
            got += 1
          }
          return held
        },
        onStderr: () => undefined,
        onCalls: () => undefined,
      },
    )
    await persist(async () => {
      if (got !== 262_144) throw new Error(`${got} bytes on their way`)
    })
    const beside = run(sandbox, shell('echo quick'))
    await beside.finished
    t.equal(beside.out(), 'quick\n')
    t.equal(got, 262_144, 'no more than the window came meanwhile')
    release()
    t.match(await tree.finished, { exitCode: 0, outputBytes: total })
    t.equal(got, total)
    t.equal(wrong, 0)
    await sandbox.end()
  },
)

t.test('input of any length, to a program that reads slowly and one that does not', async (t) => {
  const sandbox = open()
  const bytes = Buffer.alloc(4 * mebibyte, 'xyz\n')
  const sum = run(sandbox, shell('sleep 0.2; wc -c', { takesStdin: true }))
  await sum.tree.write(bytes)
  sum.tree.endInput()
  await sum.finished
  t.equal(sum.out().trim(), String(bytes.length))
  const deaf = run(sandbox, shell('exec 0<&-; echo closed; sleep 0.3', { takesStdin: true }))
  await deaf.tree.write(bytes)
  t.match(await deaf.finished, { exitCode: 0 })
  await sandbox.end()
})

t.test('a terminal: its size, its typing, its signals', async (t) => {
  const sandbox = open()
  const { tree, finished, says, error } = run(
    sandbox,
    plainStep(['/bin/bash', '--norc', '-i'], {
      takesStdin: true,
      wallMs: 60_000,
      environment: ['PATH=/usr/bin:/bin', 'PS1=> ', 'TERM=dumb'],
    }),
    { rows: 31, columns: 77 },
  )
  const type = (text: string): Promise<void> => tree.write(Buffer.from(text))
  await says(/> $/)
  await type('tty; stty size\n')
  await says(/\/dev\/pts\/\d+\r\n31 77\r\n> $/)
  tree.resize({ rows: 40, columns: 100 })
  await says(/> $/)
  await type('stty size\n')
  await says(/40 100\r\n> $/)
  await type(`sh -c 'trap "echo winched" WINCH; echo arm''ed; while :; do sleep 0.05; done'\n`)
  await says(/armed\r\n/)
  tree.resize({ rows: 41, columns: 100 })
  await says(/winched\r\n/)
  await type('\x03')
  await says(/\^C[\s\S]*\n> $/)
  await type(`sh -c 'echo sleep''ing; exec sleep 61'\n`)
  await says(/sleeping\r\n/)
  tree.signal('INT')
  await says(/sleeping[\s\S]*\n> $/)
  await type('echo err >&2\n')
  await says(/\nerr\r\n> $/)
  t.equal(error(), '', 'a terminal has one output')
  await type('exit 5\n')
  t.match(await finished, { exitCode: 5 })
  await sandbox.end()
})

t.test('two terminals are apart, and a signal goes to the whole group of its tree', async (t) => {
  const sandbox = open()
  const step = shell('tty; trap "echo caught; exit 9" USR1; while :; do sleep 0.05; done', {
    wallMs: 60_000,
  })
  const size = { rows: 24, columns: 80 }
  const [one, two] = [run(sandbox, step, size), run(sandbox, step, size)]
  await Promise.all([one.says(/pts/), two.says(/pts/)])
  t.not(one.out(), two.out(), 'each has its own')
  one.tree.signal('USR1')
  t.match(await one.finished, { exitCode: 9 })
  t.match(one.out(), /caught/)
  t.notMatch(two.out(), /caught/)
  two.tree.signal('KILL')
  t.match(await two.finished, { signal: 9, reason: 'none' })
  await sandbox.end()
})

t.test('what a program says last in a terminal is not lost', async (t) => {
  const sandbox = open()
  const size = { rows: 24, columns: 80 }
  for (let at = 0; at < 40; at++) {
    const { finished, out } = run(sandbox, plainStep(['/bin/echo', `last words ${at}`]), size)
    await finished
    if (out() !== `last words ${at}\r\n`) t.fail(`${at}: ${JSON.stringify(out())}`)
  }
  await sandbox.end()
})

t.test('what cannot be started says so and harms nobody', async (t) => {
  const sandbox = open()
  const quiet = run(sandbox, shell('echo up; exec cat', { takesStdin: true, wallMs: 60_000 }))
  await quiet.says(/up/)
  t.match(await run(sandbox, plainStep(['/bin/nothing'])).finished, { execErrno: 2, exitCode: 127 })
  const nowhere = run(sandbox, plainStep(['/bin/true'], { directory: '/no/such' })).finished
  t.equal(await stageOf(nowhere), 'directory')
  await quiet.tree.write(Buffer.from('still here\n'))
  await quiet.says(/still here/)
  await sandbox.end()
})

t.test('no more than 64 at one time, and numbers are used again', async (t) => {
  const sandbox = open({ processes: 200 })
  for (let round = 0; round < 3; round++) {
    const many = Array.from({ length: 20 }, (_, at) => run(sandbox, shell(`echo ${at}`)))
    await Promise.all(many.map(({ finished }) => finished))
    t.same(
      many.map(({ out }) => out().trim()),
      many.map((_, at) => String(at)),
    )
  }
  await sandbox.end()
})

t.test('the sandbox’s own lifetime ends all', async (t) => {
  const sandbox = open({ lifetimeMs: 500 })
  const { finished } = run(sandbox, shell('sleep 60', { wallMs: 60_000 }))
  await finished.then(
    ({ reason }) => t.equal(reason, 'lifetime'),
    ({ stage }) => t.equal(stage, 'lifetime'),
  )
  t.match(await sandbox.lost, { stage: 'lifetime' })
})

t.test('a connection that ends takes the sandbox with it', async (t) => {
  const sandbox = open()
  const { finished, says } = run(sandbox, shell('echo up; sleep 60', { wallMs: 60_000 }))
  await says(/up/)
  sandbox.abandon()
  t.equal(await stageOf(finished), 'launcher-lost')
})
