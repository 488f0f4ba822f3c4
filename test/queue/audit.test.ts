// The audit log as a chain: every way of changing it is found, with its line; a process that was killed is not taken for one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import t from 'tap'
import { Compile } from 'typebox/compile'
import { type AuditAct, AuditLineSchema, auditLineBytesMax } from '../../contract/audit.js'
import { type AuditFindings, openAuditChecker } from '../../ops/audit-check.js'
import { type AuditLog, auditFile, openAuditLog } from '../../queue/audit-log.js'
import { lineDigest } from '../../queue/audit-tail.js'
import { openSealer } from '../../queue/seal.js'

const top = mkdtempSync(join(tmpdir(), 'stockade-audit-'))
t.teardown(() => rmSync(top, { recursive: true, force: true }))
const keyFile = join(top, 'seal.key')
writeFileSync(keyFile, Buffer.alloc(32, 7))
const sealer = openSealer(keyFile)
const checkSchema = Compile(AuditLineSchema)
let count = 0

type Live = {
  readonly audit: AuditLog
  readonly path: string
  readonly directory: string
  failures: number
}

async function openLog(directory = join(top, `log-${count++}`)): Promise<Live> {
  const live = { directory, path: auditFile(directory, 'api'), failures: 0 }
  const audit = await openAuditLog({
    ...{ directory, process: 'api', sealer, log: pino({ level: 'silent' }) },
    onLine: () => undefined,
    onFailure: () => {
      live.failures += 1
    },
  })
  return Object.assign(live, { audit })
}

const act = (at: number): AuditAct => ({
  ...{ act: 'cancel', requestId: `request-${at}`, result: 'cancelled' },
  caller: { door: 'http', tenant: 'acme', key: '0123456789abcdef' },
  job: `job_${String(at).padStart(26, '0')}`,
})

function check(
  paths: readonly string[],
  authenticate: typeof sealer.authenticate | null = sealer.authenticate,
): AuditFindings {
  const checker = openAuditChecker(authenticate)
  for (const path of paths) {
    const pieces = readFileSync(path, 'utf8').split('\n')
    const rest = pieces.pop() ?? ''
    for (const [at, text] of pieces.entries())
      checker.add({ file: path, line: at + 1 }, { bytes: Buffer.from(text), isTorn: false })
    if (rest !== '')
      checker.add(
        { file: path, line: pieces.length + 1 },
        { bytes: Buffer.from(rest), isTorn: true },
      )
  }
  return checker.findings()
}

const told = ({ faults }: AuditFindings): string[] =>
  faults.map(({ line, what }) => `${line} ${what}`)

/** A whole log of 12 lines: open, ten acts, checkpoint. */
async function wholeLog(): Promise<string> {
  const { audit, path } = await openLog()
  for (let at = 1; at <= 10; at++) audit.tell(act(at))
  await audit.close()
  return path
}

t.test('a log is whole: every line of the schema, numbered, chained and sealed', async (t) => {
  const path = await wholeLog()
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  t.equal(lines.length, 12)
  for (const [at, text] of lines.entries()) {
    const line: unknown = JSON.parse(text)
    t.ok(checkSchema.Check(line), text)
    t.match(line, {
      seq: at + 1,
      prev: at === 0 ? '0'.repeat(64) : lineDigest(lines[at - 1] ?? ''),
    })
    t.ok(text.length < auditLineBytesMax)
  }
  t.match(check([path]), {
    faults: [],
    notes: [],
    lines: 12,
    firstSeq: 1,
    lastSeq: 12,
    checkpoints: 1,
    unsealed: 0,
  })
  t.equal(statSync(path).mode & 0o7, 0, 'nobody else may read it')
})

/** What somebody does to the lines, and the line that must be told, with a word of what. */
const changes: readonly [string, (lines: string[]) => string[], RegExp][] = [
  [
    'a changed line',
    (lines) => lines.with(4, (lines[4] ?? '').replace('acme', 'evil')),
    /^5 has been changed/,
  ],
  [
    'a changed time',
    (lines) => lines.with(4, (lines[4] ?? '').replace(/"time":"\d{4}/, '"time":"1999')),
    /^5 has been changed/,
  ],
  ['a line made to garbage', (lines) => lines.with(4, 'x'), /^5 has been changed/],
  [
    'a field that is none',
    (lines) => lines.with(4, (lines[4] ?? '').replace('{', '{"more":1,')),
    /^5 has been changed/,
  ],
  ['a removed line', (lines) => lines.toSpliced(4, 1), /^5 1 lines before it have been removed/],
  [
    'three removed lines',
    (lines) => lines.toSpliced(4, 3),
    /^5 3 lines before it have been removed/,
  ],
  ['the first ones removed', (lines) => lines.slice(3), /^1 is not the first of a file/],
  [
    'a line twice',
    (lines) => lines.toSpliced(5, 0, lines[4] ?? ''),
    /^6 has number 5 after 5: inserted/,
  ],
  [
    'a line of another log',
    (lines) =>
      lines.toSpliced(5, 0, (lines[4] ?? '').replace('"process":"api"', '"process":"worker"')),
    /^6 is of the log of worker/,
  ],
  [
    'two lines in the other order',
    (lines) => lines.with(4, lines[5] ?? '').with(5, lines[4] ?? ''),
    /^6 has number 5 after 6: inserted, or out of its order/,
  ],
  [
    'a line with a chain of its own',
    (lines) =>
      lines.toSpliced(
        5,
        0,
        JSON.stringify({ ...JSON.parse(lines[4] ?? ''), seq: 6, prev: lineDigest(lines[4] ?? '') }),
      ),
    /^6 has been changed/,
  ],
  [
    'a torn line that nobody tells of',
    (lines) => lines.with(4, (lines[4] ?? '').slice(0, 50)),
    /^5 has been changed/,
  ],
]

for (const [name, change, expected] of changes)
  t.test(`${name} is found, with its line`, async (t) => {
    const path = await wholeLog()
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    t.same(told(check([path])), [], 'before')
    writeFileSync(path, `${change([...lines]).join('\n')}\n`)
    const faults = told(check([path]))
    t.ok(
      faults.some((fault) => expected.test(fault)),
      faults.join('; '),
    )
    // In the neighbourhood of what was done, and nowhere else.
    t.ok(
      check([path]).faults.every(({ line }) => line === 1 || (line >= 5 && line <= 7)),
      faults.join('; '),
    )
  })

t.test('a chain made anew is found by its seal, and by nobody without the key', async (t) => {
  const path = await wholeLog()
  let prev = '0'.repeat(64)
  const anew = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => {
      const line = JSON.stringify({ ...JSON.parse(text.replace('acme', 'evil')), prev })
      prev = lineDigest(line)
      return line
    })
  writeFileSync(path, `${anew.join('\n')}\n`)
  t.same(told(check([path], null)), [], 'the chain alone is whole')
  t.same(told(check([path])), ['12 its seal is not by the key of this instance'])
})

t.test(
  'a torn last line is not taken for tampering, and the next start goes on after it',
  async (t) => {
    const live = await openLog()
    for (let at = 1; at <= 3; at++) live.audit.tell(act(at))
    await live.audit.settled()
    const whole = readFileSync(live.path)
    truncateSync(live.path, whole.length - 20)
    const torn = check([live.path])
    t.same(told(torn), [])
    t.match(torn.notes, [{ line: 4, what: /its process was killed while it wrote/ }])
    const next = await openLog(live.directory)
    next.audit.tell(act(4))
    await next.audit.close()
    const after = check([live.path])
    t.same(told(after), [])
    t.match(after.notes, [{ line: 4, what: /torn when its process was killed/ }])
    t.equal(after.lastSeq, 6, 'the numbers go on from the last whole line')
    const lines = readFileSync(live.path, 'utf8').split('\n')
    lines[3] = `${lines[3]} `
    writeFileSync(live.path, lines.join('\n'))
    t.match(
      told(check([live.path])),
      [/^4 has been changed/],
      'what was torn is in the chain as well',
    )
  },
)

t.test('kill -9 in the middle of writing leaves a chain', async (t) => {
  const directory = join(top, 'killed')
  const writer = join(dirname(fileURLToPath(import.meta.url)), 'audit-writer.js')
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [writer, directory, keyFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const { audit, path } = await openLog(directory)
  await audit.close()
  const findings = check([path])
  t.same(told(findings), [])
  t.ok(
    findings.lines > 6,
    `${findings.lines} lines of three writers, ${findings.notes.length} of them torn`,
  )
})

t.test('rotation: the new file begins with the digest of the old one’s last line', async (t) => {
  const { audit, path } = await openLog()
  audit.tell(act(1))
  await audit.reopen()
  t.equal(check([path]).lines, 2, 'nothing happens while the file is where it was')
  renameSync(path, `${path}.1`)
  audit.tell(act(2))
  await audit.reopen()
  audit.tell(act(3))
  await audit.close()
  const [old, young] = [check([`${path}.1`]), check([path])]
  t.match(old, { faults: [], lines: 4, unsealed: 0 }, 'the old one ends with a checkpoint')
  t.match(young, { faults: [], firstSeq: 5, notes: [{ what: /goes on from line number 4/ }] })
  t.match(check([`${path}.1`, path]), { faults: [], notes: [], lines: 7, lastSeq: 7 })
  const lines = readFileSync(`${path}.1`, 'utf8').trimEnd().split('\n')
  writeFileSync(`${path}.1`, `${lines.slice(0, -1).join('\n')}\n`)
  t.match(
    told(check([`${path}.1`, path])),
    [/^1 1 lines before it have been removed/],
    'across files too',
  )
})

t.test('rotated away while nobody wrote: the next start goes on from there', async (t) => {
  const live = await openLog()
  await live.audit.close()
  renameSync(live.path, `${live.path}.1`)
  const next = await openLog(live.directory)
  await next.audit.close()
  t.match(check([`${live.path}.1`, live.path]), { faults: [], lines: 4, lastSeq: 4 })
})

t.test('a file that is cut under the writer (copytruncate) is told of', async (t) => {
  const live = await openLog()
  live.audit.tell(act(1))
  await live.audit.settled()
  truncateSync(live.path, 0)
  live.audit.tell(act(2))
  await live.audit.close()
  t.equal(live.failures, 1)
  t.match(told(check([live.path])), [/^1 is not the first of a file/])
})

t.test('a full disk: what is told is held, in its order, until there is room', async (t) => {
  const live = await openLog()
  const { audit, path } = live
  renameSync(path, `${path}.1`)
  // The kernel answers ENOSPC to every write to it.
  symlinkSync('/dev/full', path)
  await audit.reopen()
  t.notOk(audit.isWritable)
  for (let at = 1; at <= 50; at++) audit.tell(act(at))
  await audit.settled()
  t.notOk(audit.isWritable)
  t.ok(live.failures > 0)
  rmSync(path)
  await audit.reopen()
  t.ok(audit.isWritable)
  await audit.close()
  const findings = check([`${path}.1`, path])
  t.same(told(findings), [])
  t.equal(findings.lastSeq, 1 + 1 + 1 + 50 + 1 + 1 + 1, `${findings.lines} lines`)
})

t.test('more than can be held is lost, and the log says how much', async (t) => {
  const { audit, path } = await openLog()
  renameSync(path, `${path}.1`)
  symlinkSync('/dev/full', path)
  await audit.reopen()
  for (let at = 0; at < 40_000; at++) audit.tell(act(at))
  rmSync(path)
  await audit.reopen()
  audit.tell(act(1))
  await audit.close()
  t.same(told(check([`${path}.1`, path])), [])
  const lost = readFileSync(path, 'utf8')
    .split('\n')
    .filter((text) => text.includes('"act":"lost"'))
  t.equal(lost.length, 1)
  t.ok((JSON.parse(lost[0] ?? '{}') as { lines: number }).lines > 1000)
})

t.test('bytes that somebody appends are found', async (t) => {
  const live = await openLog()
  live.audit.tell(act(1))
  await live.audit.settled()
  appendFileSync(live.path, 'hello\n')
  live.audit.tell(act(2))
  await live.audit.close()
  t.match(told(check([live.path])), [/^3 has been changed: it is no line/])
})

t.test(
  'rotation while others tell: no failure, and each file ends with a checkpoint',
  async (t) => {
    const live = await openLog()
    let at = 0
    let isTelling = true
    const telling = (async () => {
      while (isTelling) {
        live.audit.tell(act(++at))
        await new Promise(setImmediate)
      }
    })()
    const paths: string[] = []
    for (let round = 0; round < 30; round++) {
      paths.push(`${live.path}.${round}`)
      renameSync(live.path, `${live.path}.${round}`)
      // Two at once, as two signals that come together.
      await Promise.all([live.audit.reopen(), live.audit.reopen()])
    }
    isTelling = false
    await telling
    await live.audit.close()
    t.equal(live.failures, 0)
    for (const path of paths)
      t.match(check([path]), { faults: [], unsealed: 0 }, 'ends with a checkpoint')
    const all = check([...paths, live.path])
    t.same(told(all), [])
    t.equal(all.lines, at + all.checkpoints + 31, `${at} acts, and an open line for each file`)
  },
)
