// What becomes of output on its way into a result: text or base64, in the record or in a file, the same however it is cut.
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { inlineOutputBytesMax } from '../../contract/result.js'
import { newJobId } from '../../queue/job-id.js'
import { openOutputStore } from '../../queue/output-store.js'
import { openCapture } from '../../worker/capture.js'
import { openEncodingChoice, textOf } from '../../worker/output-text.js'

const directory = mkdtempSync(join(tmpdir(), 'stockade-capture-'))
const store = openOutputStore(directory)
const jobId = newJobId()
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

const capture = () => openCapture(() => store.create('tenant', jobId))

function choose(bytes: Buffer, pieceBytes: number): string {
  const choice = openEncodingChoice()
  for (let at = 0; at < bytes.length; at += pieceBytes)
    choice.add(bytes.subarray(at, at + pieceBytes))
  return choice.choose()
}

const large = (text: string): Buffer => Buffer.from(text.repeat(100_000))
const choices: readonly [string, Buffer, 'utf8' | 'base64'][] = [
  ['plain text', large('all is well\n'), 'utf8'],
  ['text of many bytes a character', large('日本語 ü \u{1f600}'), 'utf8'],
  ['nothing but quotes, backslashes and line ends', large('"\\\n'), 'utf8'],
  ['a little text with a NUL', Buffer.from('a\0b'), 'utf8'],
  ['a text with a colour now and then', large('\u001b[32mgreen\u001b[0m and plain\n'), 'utf8'],
  ['many NULs', Buffer.alloc(100_000), 'base64'],
  ['many bells', Buffer.alloc(100_000, 7), 'base64'],
  ['no UTF-8', Buffer.from([0x61, 0xff]), 'base64'],
  ['a character cut off at the end', Buffer.from([0x61, 0xe2, 0x82]), 'base64'],
]

for (const [name, bytes, encoding] of choices) {
  t.test(`${name} is ${encoding}`, (t) => {
    for (const pieceBytes of [1, 7, 65_536].filter((size) => bytes.length / size < 200_000))
      t.equal(choose(bytes, pieceBytes), encoding, `in pieces of ${pieceBytes}`)
    const { text } = textOf(bytes)
    t.ok(Buffer.from(text, encoding).equals(bytes))
    t.ok(
      JSON.stringify(text).length <= 2 * bytes.length + 4098,
      'never more than twice its bytes in JSON, but for a little text',
    )
    t.end()
  })
}

t.test('up to the mark it stands in the record, above it in a file', async (t) => {
  const small = capture()
  t.equal(small.take(Buffer.alloc(inlineOutputBytesMax, 'x')), null)
  const bytes = inlineOutputBytesMax
  const digest = createHash('sha256').update('x'.repeat(bytes)).digest('hex')
  t.same(await small.finish(), { kept: 'x'.repeat(bytes), encoding: 'utf8', bytes, digest })
  const big = capture()
  big.take(Buffer.alloc(inlineOutputBytesMax, 'x'))
  big.take(Buffer.from('y'))
  const { kept, encoding } = await big.finish()
  t.equal(encoding, 'utf8')
  if (typeof kept === 'string') throw new Error('it is not in a file')
  t.equal(kept.bytes, inlineOutputBytesMax + 1)
  const written = readFileSync(join(directory, 'tenant', jobId, kept.digest), 'utf8')
  t.equal(written, `${'x'.repeat(inlineOutputBytesMax)}y`)
})

t.test('nothing at all', async (t) => {
  const digest = createHash('sha256').digest('hex')
  t.same(await capture().finish(), { kept: '', encoding: 'utf8', bytes: 0, digest })
  await capture().discard()
})
