// The launcher's client against a fake launcher that misbehaves: every lie, every early end is a fault of ours by name, and
// never a result. What the real launcher does is tested with the real one.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { frameTypes } from '../../contract/launch.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import { LaunchError, openSandbox, type StepStreams } from '../../native/launch-client.js'
import { encodeStep } from '../../native/launch-encode.js'
import { encodeFrame, encodePairs, openFrameCutter } from '../../native/launch-frame.js'
import { type FakeStep, frame, openFakeLauncher } from '../worker/fake-launcher.js'

const directory = mkdtempSync(join(tmpdir(), 'stockade-launch-test-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

const step: PlanStep = {
  name: 'run',
  argv: ['/bin/cat'],
  environment: ['A=b'],
  directory: '/work',
  wallMs: 5000,
  cpuMs: 2000,
  memoryBytes: 1_000_000,
  processes: 32,
  openFiles: 64,
  fileBytes: 1_000_000,
  stackBytes: 1_000_000,
  outputBytes: 65_536,
  takesStdin: true,
  seccomp: 'default',
  seccompWatch: 'refusals',
  seccompAudited: '',
  failureOutcome: 'program',
  when: 'success',
  passesOn: false,
  ownVariables: [],
  continueOnError: false,
}
const plan: Plan = {
  runtime: 'native',
  imageName: 'base',
  imageDigest: '0'.repeat(64),
  hostname: 'job',
  uid: 1000,
  gid: 1000,
  workspace: '/work',
  memoryBytes: 1_000_000,
  diskBytes: 1_000_000,
  diskInodes: 100,
  processes: 32,
  cpuMillis: 1000,
  proc: 'masked',
  network: 'none',
  apparmor: 'none',
  landlockAbiMinimum: 0,
  lifetimeMs: 60_000,
  attempts: 1,
  expiresAfterMs: 60_000,
  steps: [step],
  fileCount: 0,
  languageVersion: '',
  judging: null,
  artifacts: { patterns: [], files: 0, bytes: 0 },
  sessionIdleMs: 0,
}
const programs = { filter: Buffer.alloc(16), audit: null }
const quiet: StepStreams = { onStarted() {}, onStdout() {}, onStderr() {}, onCalls() {} }
let sockets = 0

type Ran = { error: unknown; chunks: Buffer[] }

/** Runs one step against a launcher that does what it is told; gives the error that came of it. */
async function runAgainst(t: Test, onStep: (step: FakeStep) => void): Promise<Ran> {
  const path = join(directory, `${sockets++}.sock`)
  const launcher = await openFakeLauncher(path, onStep)
  t.teardown(() => launcher.close())
  const chunks: Buffer[] = []
  const sandbox = openSandbox(path, 'job_1', plan, [])
  try {
    const streams = { ...quiet, onStdout: (bytes: Buffer) => chunks.push(Buffer.from(bytes)) }
    await sandbox.run(step, programs, Buffer.from('in'), streams)
    return { error: null, chunks }
  } catch (error) {
    return { error, chunks }
  } finally {
    sandbox.abandon()
  }
}

const lies: readonly [string, (step: FakeStep) => void, string][] = [
  ['a length of 4 GiB', (s) => s.sendRaw(Buffer.from('ffffffff41', 'hex')), 'launcher-protocol'],
  [
    'one byte more than allowed',
    (s) => s.sendRaw(Buffer.from('0100010042', 'hex')),
    'launcher-protocol',
  ],
  ['a frame nobody knows', (s) => s.send(99, {}), 'launcher-protocol'],
  ['a frame of our own', (s) => s.send(frameTypes.sandbox, {}), 'launcher-protocol'],
  ['broken JSON', (s) => s.send(frameTypes.started, Buffer.from('{"slot":')), 'launcher-protocol'],
  ['JSON that is no report', (s) => s.send(frameTypes.started, { slot: 0 }), 'launcher-protocol'],
  ['a report with more in it', (s) => s.started({ extra: 1 } as object), 'launcher-protocol'],
  ['a negative number', (s) => s.started({ uid: -1 }), 'launcher-protocol'],
  [
    'a namespace shared with the host',
    (s) => s.started({ sharedWithHost: ['net'] as never[] }),
    'launcher-protocol',
  ],
  ['an end of another step', (s) => s.finished({ name: 'compile' }), 'launcher-protocol'],
  [
    'DESTROYED for FINISHED',
    (s) => s.send(frameTypes.destroyed, { leftProcesses: 0, destroyUs: 1 }),
    'launcher-protocol',
  ],
  [
    'processes left over',
    (s) => s.send(frameTypes.destroyed, { leftProcesses: 2, destroyUs: 1 }),
    'destroy',
  ],
  ['an early close', (s) => s.end(), 'launcher-lost'],
  [
    'a close in the middle of a frame',
    (s) => {
      s.sendRaw(Buffer.from('0a00000042ab', 'hex'))
      s.end()
    },
    'launcher-lost',
  ],
  [
    'a failure of its own',
    (s) => s.send(frameTypes.failed, { stage: 'mount', errno: 1, index: 3, detail: '' }),
    'mount',
  ],
]

for (const [title, act, stage] of lies) {
  t.test(title, async (t) => {
    const { error } = await runAgainst(t, act)
    t.type(error, LaunchError)
    t.match(error, { stage, busy: false, away: false })
  })
}

t.test('refusals: busy and draining cost the job nothing', async (t) => {
  const refuse = (code: string) => (s: FakeStep) => s.send(frameTypes.refused, { code, detail: '' })
  t.match((await runAgainst(t, refuse('busy'))).error, { busy: true, away: false })
  t.match((await runAgainst(t, refuse('draining'))).error, { busy: true, away: true })
  t.match((await runAgainst(t, refuse('protocol'))).error, { busy: false, away: false })
  t.match((await runAgainst(t, refuse('peer'))).error, { busy: false, stage: 'launcher-refused' })
})

t.test('nobody listens', async (t) => {
  const sandbox = openSandbox(join(directory, 'nobody.sock'), 'job_1', plan, [])
  const caught = (error: unknown): unknown => error
  t.match(await sandbox.run(step, programs, null, quiet).catch(caught), {
    stage: 'launcher-unreachable',
    busy: true,
    away: true,
  })
  sandbox.cancel('cancelled')
  t.match(await sandbox.end().catch(caught), { stage: 'launcher-unreachable' })
})

t.test('frames cut anywhere are put together again', async (t) => {
  const body = Buffer.from('hello, '.repeat(100))
  const { error, chunks } = await runAgainst(t, (s) => {
    s.started()
    const bytes = frame(frameTypes.stdout, body)
    for (const byte of bytes) s.sendRaw(Buffer.of(byte))
    s.finished()
  })
  t.equal(error, null)
  t.same(Buffer.concat(chunks), body)
})

t.test('a whole run: files, input, output, a second step, the end', async (t) => {
  const path = join(directory, `${sockets++}.sock`)
  const input = Buffer.alloc(200_000, 'x')
  const file = { path: 'a/b.txt', mode: 0o644, bytes: Buffer.alloc(150_000, 'y') }
  const launcher = await openFakeLauncher(path)
  t.teardown(() => launcher.close())
  const sandbox = openSandbox(path, 'job_1', plan, [file])
  for (const name of ['compile', 'run']) {
    const ended = sandbox.run({ ...step, name }, programs, input, quiet)
    const one = await launcher.nextStep('/bin/cat')
    t.equal(one.name, name)
    while (one.stdin.at(-1)?.length !== 0) await new Promise(setImmediate)
    t.same(Buffer.concat(one.stdin), input)
    t.same(one.files.get('a/b.txt'), file.bytes)
    one.started()
    one.finished({ exitCode: 3 })
    t.match(await ended, { name, exitCode: 3 })
  }
  await sandbox.end()
})

t.test('texts that would break the frame are never sent', (t) => {
  t.throws(() => encodePairs([['argument', 'a\0b']]), /NUL/)
  t.throws(() => encodeFrame(5, Buffer.alloc(1_048_577)), /1048577/)
  const huge = { ...step, argv: Array.from({ length: 9 }, () => 'x'.repeat(131_072)) }
  t.throws(() => encodeStep(huge, programs, null), /a frame of/)
  const cutter = openFrameCutter()
  t.same(cutter.push(Buffer.from('00000000', 'hex')), [])
  t.match(cutter.push(Buffer.of(66)), [{ type: 66 }])
  t.end()
})
