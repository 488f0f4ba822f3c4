// Files read out of a sandbox between its steps (COLLECT), from the running launcher: what is a file comes whole, everything else that a job
// can put in its place is told by name, and each bound holds.
import t from 'tap'
import {
  type CollectAsk,
  type CollectSummary,
  collectorLimits,
  type LeftOutReason,
} from '../../contract/collect.js'
import { type Finished, frameTypes, type Started } from '../../contract/launch.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import { collectPairs, openCollectParser } from '../../native/collect.js'
import { encodeStep } from '../../native/launch-encode.js'
import { encodeFrame, encodePairs } from '../../native/launch-frame.js'
import { compileSeccomp } from '../../native/seccomp.js'
import { attest } from '../../worker/attest.js'
import { defaultImage, endFrame, framesOf, plainPlan, plainStep } from '../launch-plan.js'
import { asRoot, instance } from '../stack.js'
import { type Conversation, openConversation } from './conversation.js'

const mebibyte = 1_048_576
const image = defaultImage(`/var/lib/${instance}/images`)
const { program } = compileSeccomp('default', { profilesFolder: 'profiles' })
const programs = { filter: program, audit: null }
const all: CollectAsk = {
  ...{ root: '/work', paths: [], contents: true, entries: 100_000, files: 1000 },
  ...{ bytes: 8 * mebibyte, fileBytes: 4 * mebibyte, nameBytes: mebibyte, depth: 32 },
  ...{ wallMs: 20_000, cpuMs: 20_000, memoryBytes: 64 * mebibyte },
}

type Collected = {
  started: Started
  finished: Finished
  files: Map<string, { mode: number; bytes: Buffer }>
  leftOut: Map<string, LeftOutReason>
  summary: CollectSummary | null
}

type Place = { conversation: Conversation; plan: Plan }

async function openPlace(script: string, more: Partial<PlanStep> = {}): Promise<Place> {
  const step = plainStep(['/usr/bin/python3', '-c', script], {
    ...{ fileBytes: 4 * mebibyte, memoryBytes: 128 * mebibyte },
    ...more,
  })
  const memoryBytes = 128 * mebibyte
  const room = { memoryBytes, diskBytes: memoryBytes, diskInodes: 30_000 }
  const plan = { ...plainPlan(image, [step]), ...room }
  const conversation = openConversation()
  conversation.send(framesOf(plan, 'profiles'))
  const { payload } = await conversation.next('finished')
  const finished = JSON.parse(payload.toString()) as Finished
  if (finished.exitCode !== 0) throw new Error(`the step did not do what it is for: ${payload}`)
  return { conversation, plan }
}

async function collect({ conversation, plan }: Place, ask: CollectAsk): Promise<Collected> {
  const files: Collected['files'] = new Map()
  const leftOut: Collected['leftOut'] = new Map()
  let last = { mode: 0, bytes: Buffer.alloc(0) }
  const parser = openCollectParser(ask, {
    onStarted() {},
    onFile({ path, mode }) {
      last = { mode, bytes: Buffer.alloc(0) }
      files.set(path, last)
    },
    onBytes(bytes) {
      last.bytes = Buffer.concat([last.bytes, bytes])
    },
    onLeftOut: (path, reason) => leftOut.set(path, reason),
  })
  conversation.send(encodeFrame(frameTypes.filter, program))
  conversation.send(encodeFrame(frameTypes.collect, encodePairs(collectPairs(ask))))
  const started = JSON.parse((await conversation.next('started')).payload.toString()) as Started
  attest(started, plan, { memoryBytes: ask.memoryBytes, ...collectorLimits })
  const { finished, output } = await conversation.until('finished', 'stdout')
  for (const { payload } of output) parser.push(payload)
  const end = JSON.parse(finished.payload.toString()) as Finished
  const isWhole = end.reason === 'none' && end.exitCode === 0
  return { started, finished: end, files, leftOut, summary: isWhole ? parser.finish() : null }
}

async function endOf({ conversation }: Place): Promise<void> {
  conversation.send(endFrame)
  await conversation.next('destroyed')
}

const texts = ({ files }: Collected): Record<string, string> =>
  Object.fromEntries([...files].map(([path, { bytes }]) => [path, bytes.toString()]))

t.test('files come whole, with their modes, and the sandbox goes on', async (t) => {
  const place = await openPlace(`
import os
os.makedirs('a/b')
open('a/b/deep', 'w').write('deep\\n')
open('empty', 'w')
open('run.sh', 'w').write('#!/bin/sh\\n')
os.chmod('run.sh', 0o751)
open('large', 'wb').write(bytes(range(256)) * 12000)`)
  const collected = await collect(place, all)
  t.same([...collected.files.keys()].sort(), ['a/b/deep', 'empty', 'large', 'run.sh'])
  t.equal(collected.files.get('run.sh')?.mode, 0o751)
  t.equal(collected.files.get('a/b/deep')?.bytes.toString(), 'deep\n')
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const large = Buffer.concat(Array(12_000).fill(every))
  t.ok(collected.files.get('large')?.bytes.equals(large), 'byte for byte')
  t.match(collected.summary, { files: 4, complete: true, bytes: 5 + 10 + 256 * 12_000 })
  t.same([...collected.leftOut], [])
  const named = await collect(place, { ...all, paths: ['run.sh', 'a', 'none', 'run.sh/x'] })
  t.same([...named.files.keys()], ['run.sh', 'a/b/deep'], 'by name; a directory with all in it')
  t.same(
    [...named.leftOut],
    [
      ['none', 'missing'],
      ['run.sh/x', 'missing'],
    ],
  )
  const listed = await collect(place, { ...all, contents: false, bytes: 10 * mebibyte })
  t.same([...listed.files.keys()].sort(), ['a/b/deep', 'empty', 'large', 'run.sh'])
  t.equal(listed.finished.stdoutBytes < 1000, true, 'without contents no content comes')
  const step = plainStep(['/bin/cat', 'a/b/deep'])
  place.conversation.send(Buffer.concat(encodeStep(step, programs, null)))
  t.equal((await place.conversation.next('stdout')).payload.toString(), 'deep\n', 'the next step')
  await place.conversation.next('finished')
  await endOf(place)
})

t.test('what is no file is left out and told, and nothing outside is reached', async (t) => {
  const place = await openPlace(`
import os, socket
os.symlink('/etc/passwd', 'link')
os.symlink('/etc', 'directory-link')
os.symlink('..', 'up')
os.makedirs('loop/inside')
os.symlink('../..', 'loop/inside/again')
os.mkfifo('fifo')
socket.socket(socket.AF_UNIX).bind('socket')
open('real', 'w').write('real')
open('secret', 'w').write('x')
os.chmod('secret', 0)
os.mkdir('closed')
open('closed/inside', 'w').write('x')
os.chmod('closed', 0)`)
  const collected = await collect(place, all)
  t.same(texts(collected), { real: 'real' })
  t.same(Object.fromEntries(collected.leftOut), {
    link: 'not-regular',
    'directory-link': 'not-regular',
    up: 'not-regular',
    'loop/inside/again': 'not-regular',
    fifo: 'not-regular',
    socket: 'not-regular',
    secret: 'unreadable',
    closed: 'unreadable',
  })
  const paths = ['directory-link/passwd', 'up/etc/passwd', 'loop/inside/again/real', 'fifo']
  const named = await collect(place, { ...all, paths })
  t.same([...named.files], [], 'not by name either')
  t.same(
    [...named.leftOut],
    paths.map((path) => [path, 'not-regular']),
  )
  const outside = await collect(place, {
    ...all,
    root: '/',
    paths: ['proc/self/status', 'dev/null', 'etc/passwd'],
  })
  t.same(
    Object.fromEntries(outside.leftOut),
    {
      'proc/self/status': 'not-regular',
      'dev/null': 'not-regular',
    },
    'no other file system is entered, no device read; control: a file of the root is',
  )
  const noRoot = await collect(place, { ...all, root: '/work/directory-link' })
  t.match(noRoot.finished, { exitCode: 3 }, 'a link is no root')
  await endOf(place)
})

t.test('names are bytes: line ends, quotes, the longest, and paths without end', async (t) => {
  const place = await openPlace(`
import os
open('line\\nend "quoted" \\x1b[31m', 'w').write('1')
open('n' * 255, 'w').write('2')
open(b'bytes-\\xff', 'w').write('3')
for level in range(20):
  os.mkdir('d' * 250)
  os.chdir('d' * 250)
  open('file', 'w').write(str(level))`)
  const collected = await collect(place, { ...all, depth: 64 })
  t.equal(texts(collected)['line\nend "quoted" \u001b[31m'], '1')
  t.equal(texts(collected)['n'.repeat(255)], '2')
  t.notOk([...collected.files.keys()].some((path) => path.startsWith('bytes')))
  t.equal(collected.leftOut.get('bytes-\ufffd'), 'unreadable', 'a name that is no text')
  const deepest = Math.max(...[...collected.files.keys()].map(({ length }) => length))
  t.ok(deepest > 3900 && deepest <= 4095, 'paths up to what a path may be')
  t.ok((collected.summary?.leftOut['name-too-long'] ?? 0) > 0, 'and longer ones are told')
  const shallow = await collect(place, { ...all, depth: 3 })
  t.match(shallow.summary?.leftOut, { 'too-deep': 1 })
  await endOf(place)
})

t.test('each bound holds, and says so', async (t) => {
  const place = await openPlace(`
import os
for at in range(100):
  os.mkdir('d%d' % at)
  for name in range(100): open('d%d/%d' % (at, name), 'w').write('x')
open('a-mebibyte', 'wb').write(bytes(1 << 20))`)
  const entries = await collect(place, { ...all, entries: 500 })
  t.match(entries.summary, { entries: 500, complete: false, leftOut: { 'too-many': 1 } })
  const files = await collect(place, { ...all, files: 7 })
  t.match(files.summary, { files: 7, complete: false })
  const names = await collect(place, { ...all, files: 20_000, nameBytes: 60 })
  t.match(names.summary, { complete: false })
  t.ok([...names.files.keys()].join('').length <= 60)
  const small = await collect(place, { ...all, paths: ['a-mebibyte', 'd1/1'], fileBytes: 1000 })
  t.same(texts(small), { 'd1/1': 'x' })
  t.equal(small.leftOut.get('a-mebibyte'), 'too-large')
  const total = await collect(place, { ...all, files: 20_000, paths: ['d1'], bytes: 10 })
  t.match(total.summary, { files: 10, bytes: 10, complete: true, leftOut: { 'too-large': 90 } })
  const late = await collect(place, { ...all, files: 20_000, wallMs: 1 })
  t.match(late.finished, { reason: 'wall' }, 'one that takes too long is ended')
  const whole = await collect(place, { ...all, files: 20_000, contents: false })
  t.match(whole.summary, { files: 10_001, complete: true }, 'control: all of it within the bounds')
  await endOf(place)
})

t.test('a sparse file counts as what reading it would give', async (t) => {
  const terabyte = 1_099_511_627_776
  const place = await openPlace(
    `import os
open('sparse', 'w').truncate(${terabyte})
open('hole', 'w').truncate(${mebibyte})`,
    { fileBytes: 2 * terabyte },
  )
  const collected = await collect(place, all)
  t.equal(collected.leftOut.get('sparse'), 'too-large')
  t.ok(collected.files.get('hole')?.bytes.equals(Buffer.alloc(mebibyte)), 'control: a small hole')
  t.ok(collected.finished.memoryPeakBytes < mebibyte, 'and reading a hole needs no memory')
  await endOf(place)
})

/** Processes in the groups of a slot, by pid, on v1 and v2. */
const processesOf = (slot: number): string =>
  asRoot([
    'sh',
    '-c',
    `cat $(find /sys/fs/cgroup -path '*${instance}*/slot-${slot}/*' -name cgroup.procs) 2>/dev/null | sort -u`,
  ])

t.test('nothing of the job runs while its files are read', async (t) => {
  const place = await openPlace(`
import os
if os.fork() == 0:
  os.setsid()
  while True:
    open('a', 'w').write('x' * 1000)
    os.rename('a', 'b')
    os.symlink('/etc/passwd', 'a')
    os.unlink('a')
while not os.path.exists('b'): pass`)
  const first = await collect(place, all)
  const second = await collect(place, all)
  const sizes = (one: Collected): [string, number][] =>
    [...one.files].map(([path, { bytes }]): [string, number] => [path, bytes.length]).sort()
  t.same(sizes(first), sizes(second), 'what is there stays as it is')
  t.same([...first.leftOut], [...second.leftOut])
  t.equal(first.finished.processPeak, 1)
  t.same(processesOf(first.started.slot).trim().split('\n').length, 1, 'init is all that is left')
  await endOf(place)
})
