// Frames and their order (frame.c, request.c): what is taken, what is refused, and that it is the same however the bytes come.
import t from 'tap'
import { frameTypes } from '../../contract/launch.js'
import { encodeFrame } from '../../native/launch-frame.js'
import {
  answers,
  buildLauncherTests,
  goodCollect,
  goodSandbox,
  goodStep,
  hexadecimal,
  scriptPairs,
  withValue,
} from './launcher-tools.js'

buildLauncherTests('drivers')

/** Types that a worker may send, and the longest payload of each. */
const longest: Readonly<Record<number, number>> = {
  [frameTypes.sandbox]: 65_536,
  [frameTypes.filter]: 32_768,
  [frameTypes.file]: 12 + 4096,
  [frameTypes.data]: 65_536,
  [frameTypes.step]: 1_048_576,
  [frameTypes.stdin]: 65_536,
  [frameTypes.cancel]: 16,
  [frameTypes.end]: 0,
  [frameTypes.audit]: 32_768,
  [frameTypes.collect]: 1_048_576,
  [frameTypes.tree]: 5 + 1_048_576,
}

function header(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes.writeUInt32LE(length, 0)
  bytes.writeUInt8(type, 4)
  return bytes
}

t.test('every type with every length that matters', (t) => {
  const types = Array.from({ length: 256 }, (_, type) => type)
  const headers = types.flatMap((type) => {
    const most = longest[type] ?? 0
    return [0, 1, most, most + 1, 0x7fffffff, 0xffffffff].map((length) => ({ type, length, most }))
  })
  const answered = answers(
    'frame',
    headers.map(({ type, length }) => header(type, length)),
  )
  const wrong = headers.filter(({ type, length, most }, at) => {
    if (!(type in longest) || length > most)
      return JSON.stringify(answered[at]) !== '{"refused":true}'
    const expected = length === 0 ? { taken: 5, type, length, payload: 5 } : { more: true }
    return JSON.stringify(answered[at]) !== JSON.stringify(expected)
  })
  t.same(wrong, [])
  t.end()
})

t.test('a frame is taken when its last byte is there, and not with what follows', (t) => {
  const frame = encodeFrame(frameTypes.data, Buffer.from('payload'))
  const cuts = Array.from({ length: frame.length }, (_, length) => frame.subarray(0, length))
  t.same(answers('frame', cuts), Array(frame.length).fill({ more: true }))
  const taken = { taken: 12, type: 4, length: 7, payload: 5 }
  t.same(answers('frame', [frame, Buffer.concat([frame, frame])]), [taken, taken])
  for (const [type, length] of Object.entries(longest)) {
    const [whole] = answers('frame', [encodeFrame(Number(type), Buffer.alloc(length))])
    t.same(whole, { taken: 5 + length, type: Number(type), length, payload: 5 })
  }
  t.end()
})

type Conversation = {
  events: string[]
  filterBytes: number
  auditBytes: number
  files: { path: string; bytes: string }[]
  input: string
  inputEnd: boolean
  step: string
}

/** As the script's cuts say, whole, and in pieces of one size. */
const deliveries = [0, -1, 1, 2, 3, 7, 64, 4099]

const play = (script: string): Conversation[] =>
  answers(
    'stream',
    deliveries.map((pieces) => Buffer.from(`${pieces}\n${script}`)),
  ) as Conversation[]

const sandbox = `@sandbox\n${scriptPairs(goodSandbox)}`
const filter = '@filter\n12345678\n'
const step = `@step\n${scriptPairs(goodStep)}`
const pairs = scriptPairs(goodStep)
const quiet = `@step\n${scriptPairs(withValue(goodStep, 'stdin', 'empty'))}`
const again = `@step\n${scriptPairs(withValue(goodStep, 'name', 'again'))}`
const collect = `@collect\n${scriptPairs(goodCollect)}`
const ready = sandbox + filter
const smallDisk = `@sandbox\n${scriptPairs(withValue(goodSandbox, 'disk-bytes', '65536'))}`
const manyFiles = (count: number): string => '@file 420 0\na\n'.repeat(count)

/** What a worker says, and what becomes of it. `lost` is the end of the connection. */
const conversations: Readonly<Record<string, readonly [script: string, events: string[]]>> = {
  'nothing at all': ['@raw\n', ['lost']],
  'a step': [ready + step, ['step', 'lost']],
  'END at once': ['@end\n', ['end', 'lost']],
  'END while a step runs': [`${ready + step}@end\n`, ['step', 'end', 'lost']],
  'END with a payload': ['@end\nx\n', ['refused']],
  'anything after END': ['@end\n@cancel\ndrain\n', ['end', 'refused']],
  'a second step after the first': [`${ready + step}@finished\n${again}`, ['step', 'step', 'lost']],
  'a second step while the first runs': [ready + step + again, ['step', 'refused']],
  'a filter while a step runs': [ready + step + filter, ['step', 'lost']],
  'a collect after a step': [
    `${ready + step}@finished\n${collect}@finished\n${again}`,
    ['step', 'step', 'step', 'lost'],
  ],
  'a collect before any step': [ready + collect, ['refused']],
  'a collect while a step runs': [ready + step + collect, ['step', 'refused']],
  'a step while a collect runs': [
    `${ready + step}@finished\n${collect}${again}`,
    ['step', 'step', 'refused'],
  ],
  'STDIN for a collect': [
    `${ready + step}@finished\n${collect}@stdin\nx\n`,
    ['step', 'step', 'refused'],
  ],
  'a collect that is wrong': [
    `${ready + step}@finished\n@collect\nroot\n/work\n`,
    ['step', 'refused'],
  ],
  'an audit': [`${ready}@audit\n12345678\n${step}`, ['step', 'lost']],
  'AUDIT before FILTER': [`${sandbox}@audit\n12345678\n`, ['refused']],
  'no audit': [`${ready}@audit\n`, ['refused']],
  'an audit of seven bytes': [`${ready}@audit\n1234567\n`, ['refused']],
  'a tree': [`${ready}@tree 1 5\n${pairs}`, ['tree', 'lost']],
  'trees side by side': [
    `${ready}@tree 1 5\n${pairs}@tree 2 5\n${pairs}@tree 1 6\nhello\n@tree 1 6\n`,
    ['tree', 'tree', 'tree', 'tree', 'lost'],
  ],
  'a filter between trees': [
    `${ready}@tree 1 5\n${pairs}${filter}@tree 2 5\n${pairs}`,
    ['tree', 'tree', 'lost'],
  ],
  'a tree before FILTER': [`${sandbox}@tree 1 5\n${pairs}`, ['refused']],
  'a tree whose file is not there yet': [
    `${ready}@file 420 2\na\n@tree 1 5\n${pairs}`,
    ['refused'],
  ],
  'files read beside trees': [
    `${ready}@tree 1 5\n${pairs}@tree 2 10\n${scriptPairs(goodCollect)}`,
    ['tree', 'tree', 'lost'],
  ],
  'files read before any tree': [`${ready}@tree 2 10\n${scriptPairs(goodCollect)}`, ['refused']],
  'a bare COLLECT beside trees': [`${ready}@tree 1 5\n${pairs}${collect}`, ['tree', 'refused']],
  'tree number 0': [`${ready}@tree 0 5\n${pairs}`, ['refused']],
  'a tree after a step': [`${ready + step}@finished\n@tree 1 5\n${pairs}`, ['step', 'refused']],
  'a step after a tree': [`${ready}@tree 1 5\n${pairs}${step}`, ['tree', 'refused']],
  'bare input beside trees': [`${ready}@tree 1 5\n${pairs}@stdin\nx\n`, ['tree', 'refused']],
  'a bare CANCEL beside trees': [
    `${ready}@tree 1 5\n${pairs}@cancel\ndrain\n`,
    ['tree', 'cancel drain', 'lost'],
  ],
  'a file after a tree': [`${ready}@tree 1 5\n${pairs}@file 420 1\na\n`, ['tree', 'refused']],
  'a tree whose step is wrong': [`${ready}@tree 1 5\nname\nx\n`, ['refused']],
  'END beside trees': [`${ready}@tree 1 5\n${pairs}@end\n`, ['tree', 'end', 'lost']],
  'a TREE of four bytes': [`${ready}@type 16\nabcd\n`, ['refused']],
  ...Object.fromEntries(
    [
      ['cancelled', 7, 'cancelled\n', true],
      ['cancelled for no known reason', 7, 'whim\n', false],
      ['a terminal', 17, '\x18\x01\x50\x01\n', true],
      ['a terminal of five bytes', 17, '\x18\x01\x50\x01\x01\n', false],
      ['a terminal without rows', 17, '\0\0\x50\x01\n', false],
      ['a terminal without columns', 17, '\x18\x01\0\0\n', false],
      ['signal 1', 18, '\x01\n', true],
      ['signal 31', 18, '\x1f\n', true],
      ['signal 0', 18, '\0\n', false],
      ['signal 32', 18, '\x20\n', false],
      ['two signals', 18, '\x01\x02\n', false],
      ['a window', 19, '\x01\0\0\0\n', true],
      ['an empty window', 19, '\0\0\0\0\n', false],
      ['a window of three bytes', 19, '\x01\0\0\n', false],
      ['a sandbox in a tree', 1, 'x\n', false],
      ['a file in a tree', 3, 'x\n', false],
      ['a tree in a tree', 16, 'abcdefgh\n', false],
      ['an answer in a tree', 66, 'x\n', false],
    ].map(([what, type, payload, taken]) => [
      `to a tree: ${what}`,
      [`${ready}@tree 1 ${type}\n${payload}`, taken ? ['tree', 'lost'] : ['refused']],
    ]),
  ),
  'input longer than a piece may be, to a tree': [
    `${ready}@tree 1 6\n${'x'.repeat(65_532)}\n`,
    ['refused'],
  ],
  'a second SANDBOX': [sandbox + sandbox, ['refused']],
  'a SANDBOX that is wrong': ['@sandbox\nid\njob\n', ['refused']],
  'FILTER before SANDBOX': [filter, ['refused']],
  'FILE before SANDBOX': ['@file 420 1\na\n', ['refused']],
  'DATA before SANDBOX': ['@data\nx\n', ['refused']],
  'STEP before SANDBOX': [step, ['refused']],
  'STDIN before SANDBOX': ['@stdin\nx\n', ['refused']],
  'CANCEL before anything': ['@cancel\ndrain\n', ['cancel drain', 'lost']],
  'STEP before FILTER': [sandbox + step, ['refused']],
  'a step that is wrong': [`${ready}@step\nname\nx\n`, ['refused']],
  'no filter': [`${sandbox}@filter\n`, ['refused']],
  'a filter of seven bytes': [`${sandbox}@filter\n1234567\n`, ['refused']],
  'a filter of twelve': [`${sandbox}@filter\n123456789abc\n`, ['refused']],
  'the longest filter': [`${sandbox}@filter\n${'x'.repeat(32_768)}\n${step}`, ['step', 'lost']],
  'a longer one': [`${sandbox}@filter\n${'x'.repeat(32_776)}\n`, ['refused']],
  'a file whose bytes are not there yet': [
    `${ready}@file 420 2\na\n@data\nx\n${step}`,
    ['refused'],
  ],
  'a file in a file': [`${sandbox}@file 420 2\na\n@file 420 1\nb\n`, ['refused']],
  'a file after a step': [`${ready + step}@finished\n@file 420 1\na\n`, ['step', 'refused']],
  'a file larger than the disk': [`${smallDisk}@file 420 65537\na\n`, ['refused']],
  'files as large as the disk': [
    `${smallDisk}@file 420 65530\na\n@data\n${'x'.repeat(65_530)}\n@file 420 6\nb\n`,
    ['lost'],
  ],
  'files larger than the disk': [
    `${smallDisk}@file 420 65530\na\n@data\n${'x'.repeat(65_530)}\n@file 420 7\nb\n`,
    ['refused'],
  ],
  'a file for which there is no memory': [
    `@sandbox\n${scriptPairs(withValue(goodSandbox, 'disk-bytes', '9007199254740991'))}@file 420 9007199254740991\na\n`,
    ['refused'],
  ],
  '4096 files': [sandbox + manyFiles(4096), ['lost']],
  '4097 files': [sandbox + manyFiles(4097), ['refused']],
  'DATA without a file': [`${sandbox}@data\nx\n`, ['refused']],
  'DATA for an empty file': [`${sandbox}@file 420 0\na\n@data\nx\n`, ['refused']],
  'DATA of no bytes': [`${sandbox}@file 420 1\na\n@data\n`, ['refused']],
  'DATA too many': [`${sandbox}@file 420 3\na\n@data\nwx\n@data\nyz\n`, ['refused']],
  'STDIN before the step': [`${ready}@stdin\nx\n`, ['refused']],
  'STDIN for a step without': [`${ready + quiet}@stdin\nx\n`, ['step', 'refused']],
  'STDIN after its end': [`${ready + step}@stdin\n@stdin\nx\n`, ['step', 'refused']],
  'STDIN ended twice': [`${ready + step}@stdin\n@stdin\n`, ['step', 'refused']],
  'every word of CANCEL': [
    '@cancel\ncancelled\n@cancel\nexpired\n@cancel\ndrain\n',
    ['cancel cancelled', 'cancel expired', 'cancel drain', 'lost'],
  ],
  'CANCEL of no word': ['@cancel\n', ['refused']],
  'CANCEL of half a word': ['@cancel\ncancel\n', ['refused']],
  'CANCEL of more than a word': ['@cancel\ndrained\n', ['refused']],
  'CANCEL that goes on behind a NUL': ['@cancel\ndrain\0x\n', ['refused']],
  'a frame of ours': ['@type 65\n', ['refused']],
  'a type nobody knows': ['@type 11\n', ['refused']],
  'another protocol': ['@raw\nGET / HTTP/1.1\n', ['refused']],
  'half a header': ['@raw\nabc\n', ['lost']],
  'half a frame': [`${sandbox}@length 64\n@filter\n12345678\n`, ['lost']],
  'a frame that claims less': [`${sandbox}@length 0\n@data\n12345678\n`, ['refused']],
}

t.test('what is said in which order', (t) => {
  for (const [name, [script, events]] of Object.entries(conversations))
    t.same(
      play(script).map((one) => one.events),
      deliveries.map(() => events),
      name,
    )
  t.end()
})

t.test('a step too early does not touch the plan of the one that runs', (t) => {
  for (const one of play(ready + step + again)) t.equal(one.step, 'run')
  for (const one of play(`${ready + step}@step\nname\nbroken\n`)) t.equal(one.step, 'run')
  t.end()
})

t.test('files, standard input and filters come whole', (t) => {
  const files =
    '@file 420 3\na/b\n@data\nwx\n@cut 1\n@data\ny\n@file 493 0\nempty\n@file 384 1\nc\n@data\nz\n'
  const more = '@filter\n12345678abcdefgh\n'
  const all = play(
    `${ready + files + step}@stdin\nin\n@cut 2\n@stdin\nput\n@stdin\n@cut 3\n${more}`,
  )
  for (const one of all)
    t.match(one, {
      files: [
        { path: 'a/b', bytes: hexadecimal('wxy') },
        { path: 'empty', bytes: '' },
        { path: 'c', bytes: hexadecimal('z') },
      ],
      input: hexadecimal('input'),
      inputEnd: true,
      filterBytes: 16,
    })
  const audit = '@audit\n12345678abcdefghABCDEFGH\n'
  for (const one of play(ready + audit + step)) t.match(one, { filterBytes: 8, auditBytes: 24 })
  for (const one of play(ready + audit + filter + step))
    t.match(one, { filterBytes: 8, auditBytes: 0 }, 'a new filter takes it away')
  const two = `${ready + step}@stdin\nfirst\n@finished\n${again}@stdin\nsecond\n`
  for (const one of play(two)) t.match(one, { input: hexadecimal('second'), inputEnd: false })
  for (const one of play(ready + quiet)) t.match(one, { input: '', inputEnd: true })
  t.end()
})
