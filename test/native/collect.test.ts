// What a collector writes, cut in any way, and every lie that it could tell: its bytes come out of a sandbox.
import t from 'tap'
import type { CollectAsk, CollectSummary } from '../../contract/collect.js'
import { openCollectParser } from '../../native/collect.js'

const ask: CollectAsk = {
  ...{ root: '/work', paths: [], contents: true, entries: 10, files: 3, bytes: 100, fileBytes: 60 },
  ...{ nameBytes: 50, depth: 4, wallMs: 1000, cpuMs: 1000, memoryBytes: 1_048_576 },
}
const nothing: CollectSummary = {
  ...{ entries: 0, files: 0, bytes: 0, complete: true },
  leftOut: {
    ...{ 'not-regular': 0, 'too-large': 0, 'too-many': 0, 'name-too-long': 0 },
    ...{ 'too-deep': 0, unreadable: 0, missing: 0 },
  },
}

function record(kind: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32LE(payload.length, 0)
  head.writeUInt8(kind, 4)
  return Buffer.concat([head, payload])
}

function file(path: string | Buffer, bytes: string, mode = 0o644, size = bytes.length): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt32LE(mode, 0)
  head.writeBigUInt64LE(BigInt(size), 4)
  return Buffer.concat([record(1, Buffer.concat([head, Buffer.from(path)])), Buffer.from(bytes)])
}

const leftOut = (reason: number, path: string | Buffer): Buffer =>
  record(2, Buffer.concat([Buffer.of(reason), Buffer.from(path)]))
const summary = (more: object): Buffer =>
  record(3, Buffer.from(JSON.stringify({ ...nothing, ...more })))

type Parsed = { events: string[]; summary: CollectSummary }

function parse(bytes: Buffer, pieceBytes: number, asked = ask): Parsed {
  const events: string[] = []
  let contents = ''
  const parser = openCollectParser(asked, {
    onStarted() {},
    onFile: ({ path, mode, bytes: size }) => events.push(`${path} ${mode.toString(8)} ${size}`),
    onBytes(piece) {
      contents += piece.toString('latin1')
    },
    onLeftOut: (path, reason) => events.push(`${path} ${reason}`),
  })
  for (let at = 0; at < bytes.length; at += pieceBytes)
    parser.push(bytes.subarray(at, at + pieceBytes))
  const ended = parser.finish()
  return { events: [...events, contents], summary: ended }
}

t.test('however it is cut, it is the same', (t) => {
  const bytes = Buffer.concat([
    file('a/b', 'first'),
    leftOut(0, 'link'),
    file('empty', '', 0o700),
    leftOut(5, ''),
    file(Buffer.from([0x66, 0xff]), 'nameless'),
    summary({ files: 3, bytes: 13 }),
  ])
  for (const pieces of [1, 2, 3, 7, 1000])
    t.same(parse(bytes, pieces), {
      events: [
        'a/b 644 5',
        'link not-regular',
        'empty 700 0',
        ' unreadable',
        'f\ufffd unreadable',
        'first',
      ],
      summary: { ...nothing, files: 3, bytes: 13 },
    })
  const heads = Buffer.concat([file('a', '', 0o644, 9), summary({ files: 1, bytes: 9 })])
  t.match(parse(heads, 3, { ...ask, contents: false }).events, ['a 644 9', ''])
  t.end()
})

const lies: Readonly<Record<string, Buffer>> = {
  'nothing at all': Buffer.alloc(0),
  'no summary': file('a', 'x'),
  'half a file': Buffer.concat([file('a', 'x', 0o644, 5)]),
  'a summary of other files': Buffer.concat([file('a', 'x'), summary({ files: 2, bytes: 1 })]),
  'a summary of other bytes': Buffer.concat([file('a', 'x'), summary({ files: 1, bytes: 2 })]),
  'a summary with more in it': summary({ more: 1 }),
  'a summary that is no JSON': record(3, Buffer.from('{')),
  'two summaries': Buffer.concat([summary({}), summary({})]),
  'bytes behind the summary': Buffer.concat([summary({}), Buffer.of(1)]),
  'a kind that is none': record(4, Buffer.alloc(20)),
  'a reason that is none': leftOut(7, 'a'),
  'no reason': record(2, Buffer.alloc(0)),
  'a record without end': Buffer.from('ffffffff01', 'hex'),
  'a file without a name': file('', 'x'),
  'a name that leads out': file('../a', 'x'),
  'a name with a dot': file('a/./b', 'x'),
  'an absolute name': file('/a', 'x'),
  'a name with a NUL': file('a\0b', 'x'),
  'a set-uid file': file('a', 'x', 0o4755),
  'a file beyond the bound': file('a', 'x'.repeat(61)),
  'more bytes than asked': Buffer.concat([file('a', 'x'.repeat(60)), file('b', 'x'.repeat(41))]),
  'more files than asked': Buffer.concat(['a', 'b', 'c', 'd'].map((name) => file(name, ''))),
  'more names than asked': Buffer.concat([file('a'.repeat(30), ''), file('b'.repeat(21), '')]),
}

t.test('no lie is taken', (t) => {
  for (const [name, bytes] of Object.entries(lies)) t.throws(() => parse(bytes, 1000), name)
  t.end()
})
