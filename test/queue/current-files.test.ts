// Grants are read again when the directory has come to rest: whole sets or nothing, however they are written.
import { EventEmitter, once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { readSettings } from '../../contract/config.js'
import { type CurrentFiles, keepCurrent } from '../../queue/current-files.js'
import { loadLocalFiles } from '../../queue/local-files.js'
import { releaseDirectory } from '../../queue/settings-file.js'

const root = mkdtempSync(join(tmpdir(), 'stockade-grants-'))
t.teardown(() => rmSync(root, { recursive: true, force: true }))
const directory = join(root, 'grants')
mkdirSync(directory)
mkdirSync(join(root, 'images'))
writeFileSync(join(root, 'images', 'index.json'), '{"images":[]}')

const settings = readSettings(
  {
    grantDirectory: directory,
    imageDirectory: join(root, 'images'),
    profileDirectory: join(releaseDirectory, 'profiles'),
  },
  {},
)

const lines: Record<string, unknown>[] = []
const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })

/** What was told of each reading, in order; a test waits for the next. */
const told: boolean[] = []
const readings = new EventEmitter()
const nextTold = async (): Promise<boolean> => {
  if (told.length === 0) await once(readings, 'told')
  return told.shift() as boolean
}
function tell(isTaken: boolean): void {
  told.push(isTaken)
  readings.emit('told')
}
/** The product's timers keep no process alive, and here there is nothing else. */
const alive = setInterval(() => undefined, 60_000)
t.teardown(() => clearInterval(alive))

const course = (maximum: number): string =>
  `extends: grader\nlimits:\n  wallMs: { default: 1000, maximum: ${maximum} }\n`
const maximumOf = (files: CurrentFiles): number | undefined =>
  files.current().grants.get('course')?.grant.limits.wallMs.maximum

const files = keepCurrent(settings, log, await loadLocalFiles(settings), tell)
t.teardown(() => files.close())
const path = join(directory, 'course.yaml')

t.test('a new file', async (t) => {
  writeFileSync(path, course(2000))
  t.equal(await nextTold(), true)
  t.equal(maximumOf(files), 2000)
  t.equal(files.current().fault, undefined)
  t.match(lines.at(-1), { msg: 'grants and catalogue loaded', grants: { course: String } })
})

t.test('a faulty one leaves every grant as it was, and is told with its place', async (t) => {
  const before = files.current().grants
  writeFileSync(join(directory, 'other.yaml'), 'extends: ci\n')
  writeFileSync(path, course(3000).replace('maximum', 'most'))
  t.equal(await nextTold(), false)
  t.equal(maximumOf(files), 2000)
  t.notOk(files.current().grants.has('other'), 'the good one beside it is not taken either')
  t.equal(files.current().grants, before)
  t.match(files.current().fault, /course\.yaml:3:\d+: \/limits\/wallMs\/most/)
  t.match(lines.at(-1), { level: 50, error: /course\.yaml:3:/ })
})

t.test('put right, it is in force, and the other with it', async (t) => {
  writeFileSync(path, course(3000))
  t.equal(await nextTold(), true)
  t.equal(maximumOf(files), 3000)
  t.ok(files.current().grants.has('other'))
  t.equal(files.current().fault, undefined)
})

t.test('a file that is written in many pieces is read once, whole', async (t) => {
  const text = course(4000)
  for (let at = 0; at <= text.length; at += 4) writeFileSync(path, text.slice(0, at))
  writeFileSync(path, text)
  t.equal(await nextTold(), true, 'no half of it was ever read')
  t.equal(maximumOf(files), 4000)
  t.equal(told.length, 0)
})

t.test('a file that takes the place of another by rename', async (t) => {
  writeFileSync(join(root, 'new.yaml'), course(5000))
  renameSync(join(root, 'new.yaml'), path)
  t.equal(await nextTold(), true)
  t.equal(maximumOf(files), 5000)
})

t.test('a link that is turned, as a volume of Kubernetes does it', async (t) => {
  for (const [name, maximum] of [
    ['first', 6000],
    ['second', 7000],
  ] as const) {
    mkdirSync(join(root, name))
    writeFileSync(join(root, name, 'course.yaml'), course(maximum))
  }
  symlinkSync(join(root, 'first'), join(directory, '..data'))
  unlinkSync(path)
  symlinkSync('..data/course.yaml', path)
  t.equal(await nextTold(), true)
  t.equal(maximumOf(files), 6000)
  symlinkSync(join(root, 'second'), join(directory, '..new'))
  renameSync(join(directory, '..new'), join(directory, '..data'))
  t.equal(await nextTold(), true)
  t.equal(maximumOf(files), 7000)
})

t.test('a directory that is replaced as a whole, and changes again', async (t) => {
  mkdirSync(join(root, 'next'))
  writeFileSync(join(root, 'next', 'course.yaml'), course(8000))
  renameSync(directory, join(root, 'before'))
  renameSync(join(root, 'next'), directory)
  while (maximumOf(files) !== 8000) await nextTold()
  writeFileSync(path, course(9000))
  while (maximumOf(files) !== 9000) await nextTold()
  t.pass('the new one is watched')
})

t.test('a file that goes takes its grant with it', async (t) => {
  unlinkSync(path)
  while (files.current().grants.has('course')) await nextTold()
  t.strictSame([...files.current().grants.keys()], ['untrusted', 'grader', 'ci', 'platform'])
})

t.test('readings that are asked for at once come one after the other', async (t) => {
  writeFileSync(path, course(10_000))
  const all = await Promise.all([files.reload(), files.reload(), files.reload()])
  t.strictSame(all, [true, true, true])
  t.equal(maximumOf(files), 10_000)
})
