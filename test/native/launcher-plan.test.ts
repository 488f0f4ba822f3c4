// The launcher's parser by itself (plan.c): each key, each bound, and everything that pairs can be other than well-formed.
import t from 'tap'
import { encodeFileHead, encodePairs, type Pair } from '../../native/launch-frame.js'
import {
  answers,
  buildLauncherTests,
  goodCollect,
  goodSandbox,
  goodStep,
  hexadecimal,
  refused,
  withValue,
} from './launcher-tools.js'

buildLauncherTests('drivers')

const exact = 9007199254740991n // Number.MAX_SAFE_INTEGER
const milliseconds = 2n ** 43n
const lower = 'abcdefghijklmnopqrstuvwxyz'
const digits = '0123456789'
const upper = lower.toUpperCase()
const ascii = Array.from({ length: 255 }, (_, code) => code + 1)

type Range = readonly [minimum: bigint, maximum: bigint]
/** A set of characters, and how many of them. */
type Word = readonly [set: string, shortest: number, longest: number]
type Form = {
  readonly verb: 'sandbox' | 'step' | 'collect'
  readonly good: readonly Pair[]
  readonly lists: readonly string[]
  readonly numbers: Readonly<Record<string, Range>>
  readonly words: Readonly<Record<string, Word>>
  readonly choices: Readonly<Record<string, readonly string[]>>
  readonly paths: Readonly<Record<string, { rootAllowed: boolean }>>
}

const sandbox: Form = {
  verb: 'sandbox',
  good: goodSandbox,
  lists: [],
  numbers: {
    uid: [0n, 65533n],
    gid: [0n, 65533n],
    'memory-bytes': [1048576n, exact],
    'disk-bytes': [65536n, exact],
    'disk-inodes': [16n, exact],
    processes: [1n, exact],
    'cpu-millis': [10n, 4096000n],
    'landlock-abi-minimum': [0n, 1000n],
    'lifetime-ms': [1n, milliseconds],
  },
  words: {
    id: [`${lower + upper + digits}_-`, 1, 64],
    image: [`${digits}abcdef`, 64, 64],
    hostname: [`${lower + digits}-`, 1, 63],
    apparmor: [`${lower + upper + digits}._/@{}:&-`, 1, 255],
  },
  choices: { proc: ['masked', 'pid-only'], loopback: ['down', 'up'] },
  paths: { workspace: { rootAllowed: false } },
}

const step: Form = {
  verb: 'step',
  good: goodStep,
  lists: ['argument', 'environment'],
  numbers: {
    'wall-ms': [1n, milliseconds],
    'cpu-ms': [1n, milliseconds],
    'memory-bytes': [1048576n, exact],
    processes: [1n, exact],
    'open-files': [1n, exact],
    'file-bytes': [1n, exact],
    'stack-bytes': [65536n, exact],
    'output-bytes': [0n, exact],
  },
  words: { name: [`${lower + digits}-`, 1, 64] },
  choices: { stdin: ['empty', 'stream'] },
  paths: { directory: { rootAllowed: true } },
}

const collect: Form = {
  verb: 'collect',
  good: goodCollect,
  lists: ['path'],
  numbers: {
    entries: [1n, 2n ** 32n],
    files: [0n, exact],
    bytes: [0n, 2n ** 50n],
    'file-bytes': [0n, exact],
    'name-bytes': [0n, 2n ** 40n],
    depth: [1n, 64n],
    'wall-ms': [1n, milliseconds],
    'cpu-ms': [1n, milliseconds],
    'memory-bytes': [1048576n, exact],
  },
  words: {},
  choices: { contents: ['no', 'yes'] },
  paths: { root: { rootAllowed: true } },
}

/** A value and whether it is allowed. */
type Try = readonly [key: string, value: string | Buffer, allowed: boolean]

function numberTries(key: string, [minimum, maximum]: Range): Try[] {
  const wrong = ['', '-1', '+1', '01', '00', ' 1', '1 ', '1a', '0x1', '1e3', '1.0', '1\n']
  const large = [2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 64n + minimum, 10n ** 20n, 10n ** 30n]
  return [
    [key, String(minimum), true],
    [key, String(maximum), true],
    [key, String(minimum - 1n), false],
    [key, String(maximum + 1n), false],
    ...large.map((value): Try => [key, String(value), false]),
    ...wrong.map((value): Try => [key, value, false]),
  ]
}

function wordTries(key: string, [set, shortest, longest]: Word): Try[] {
  const first = set.charAt(0)
  return [
    [key, first.repeat(shortest), true],
    [key, first.repeat(longest), true],
    [key, first.repeat(shortest - 1), false],
    [key, first.repeat(longest + 1), false],
    [key, first.repeat(5000), false],
    ...ascii.map((code): Try => {
      const character = Buffer.from([code])
      const filled = Buffer.concat([Buffer.from(first.repeat(shortest - 1)), character])
      return [key, filled, code < 128 && set.includes(character.toString('latin1'))]
    }),
  ]
}

const pathTries = (key: string, { rootAllowed }: { rootAllowed: boolean }): Try[] => [
  [key, '/', rootAllowed],
  ...['/a', '/a/b', '/a b', '/...', '/.a', '/a..', '/\x01', `/${'a'.repeat(255)}`].map(
    (path): Try => [key, path, true],
  ),
  [key, `${'/aaaaaaa'.repeat(511)}/aaaaaa`, true], // 4095 bytes
  [key, `${'/aaaaaaa'.repeat(512)}`, false], // 4096
  ...['', 'a', '//', '//a', '/a/', '/a//b', '/.', '/..', '/a/..', '/a/../b', '/./a'].map(
    (path): Try => [key, path, false],
  ),
  [key, `/${'a'.repeat(256)}`, false],
]

const choiceTries = (key: string, choices: readonly string[]): Try[] => [
  ...choices.map((word): Try => [key, word, true]),
  ...['', 'x', ...choices.flatMap((word) => [`${word}x`, word.slice(1), word.toUpperCase()])].map(
    (word): Try => [key, word, false],
  ),
]

const triesOf = (form: Form): Try[] => [
  ...Object.entries(form.numbers).flatMap(([key, range]) => numberTries(key, range)),
  ...Object.entries(form.words).flatMap(([key, word]) => wordTries(key, word)),
  ...Object.entries(form.choices).flatMap(([key, choices]) => choiceTries(key, choices)),
  ...Object.entries(form.paths).flatMap(([key, rule]) => pathTries(key, rule)),
]

const isRefused = (answer: unknown): boolean => JSON.stringify(answer) === JSON.stringify(refused)

/** Pairs with raw bytes for the value of one key. */
function encodeWith(pairs: readonly Pair[], key: string, value: string | Buffer): Buffer {
  const pieces = pairs.map((pair) =>
    pair[0] === key
      ? Buffer.concat([Buffer.from(`${key}\0`), Buffer.from(value), Buffer.alloc(1)])
      : encodePairs([pair]),
  )
  return Buffer.concat(pieces)
}

for (const form of [sandbox, step, collect]) {
  t.test(`${form.verb}: what was asked is what was understood`, (t) => {
    const single = form.good.filter(([key]) => !form.lists.includes(key))
    const paths = Object.keys(form.paths)
    const expected = Object.fromEntries(
      single.map(([key, value]) => {
        const text = String(value)
        return [key, paths.includes(key) ? hexadecimal(text) : key === 'apparmor' ? '' : text]
      }),
    )
    const [inOrder, reversed] = answers(form.verb, [
      encodePairs(form.good),
      encodePairs([...form.good].reverse()),
    ])
    t.match(inOrder, expected)
    t.match(reversed, expected, 'in any order')
    const keys = [
      ...Object.keys(form.numbers),
      ...Object.keys(form.words),
      ...Object.keys(form.choices),
      ...paths,
    ]
    t.same(keys.sort(), single.map(([key]) => key).sort(), 'no key is left out of this test')
    t.end()
  })

  t.test(`${form.verb}: every value of every key`, (t) => {
    const tries = triesOf(form)
    const answered = answers(
      form.verb,
      tries.map(([key, value]) => encodeWith(form.good, key, value)),
    )
    const wrong = tries
      .filter(([, , allowed], at) => isRefused(answered[at]) === allowed)
      .map(([key, value, allowed]) => `${key} ${value.toString('latin1')}: not ${allowed}`)
    t.same(wrong, [])
    const numbers = tries
      .map((one, at) => ({ one, answer: answered[at] as Record<string, unknown> }))
      .filter(({ one }) => one[2] && one[0] in form.numbers)
    for (const { one, answer } of numbers) t.equal(answer[one[0]], one[1], `${one[0]} ${one[1]}`)
    t.end()
  })

  t.test(`${form.verb}: each key exactly once, and no other`, (t) => {
    const good = form.good
    const single = good.filter(([key]) => !form.lists.includes(key))
    const cases: Record<string, Buffer> = { nothing: Buffer.alloc(0) }
    for (const pair of single) {
      cases[`without ${pair[0]}`] = encodePairs(good.filter((other) => other !== pair))
      cases[`${pair[0]} twice`] = encodePairs([...good, pair])
      cases[`${pair[0]} in capitals`] = encodePairs(
        good.map((other) => (other === pair ? [pair[0].toUpperCase(), pair[1]] : other)),
      )
    }
    for (const key of ['', 'x', 'id ', 'uid\n', 'argument ', 'a'.repeat(60_000)])
      cases[`unknown key ${key.slice(0, 9)}`] = encodePairs([...good, [key, 'x']])
    const names = Object.keys(cases)
    const answered = answers(form.verb, Object.values(cases))
    t.same(
      names.filter((_, at) => !isRefused(answered[at])),
      [],
    )
    t.end()
  })

  t.test(`${form.verb}: cut off at any byte, it is refused`, (t) => {
    const whole = encodePairs(form.good)
    const cuts = Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length))
    t.ok(answers(form.verb, cuts).every(isRefused))
    const more = ['x', '\0', 'x\0', '\0x', 'x\0x'].map((end) =>
      Buffer.concat([whole, Buffer.from(end)]),
    )
    t.ok(answers(form.verb, more).every(isRefused), 'and so are bytes too many')
    t.notOk(answers(form.verb, [whole]).some(isRefused), 'control: the whole is not')
    t.end()
  })
}

t.test('sandbox: list keys are none of it, and it has an end', (t) => {
  const cases = [
    encodePairs([...goodSandbox, ['argument', 'x']]),
    encodePairs([...goodSandbox, ['environment', 'a=b']]),
    Buffer.alloc(65_537),
    Buffer.alloc(1_048_577, 'a'),
  ]
  t.ok(answers('sandbox', cases).every(isRefused))
  const [label] = answers('sandbox', [encodePairs(withValue(goodSandbox, 'apparmor', 'a//b'))])
  t.match(label, { apparmor: 'a//b' })
  t.end()
})

const bare = goodStep.filter(([key]) => key !== 'argument' && key !== 'environment')
const listed = (key: string, values: readonly string[]): Pair[] =>
  values.map((value): Pair => [key, value])

t.test('step: lists are kept in order, as they came', (t) => {
  const argument = ['sh', '', '-c', ' a\n=\x01é', 'x'.repeat(100_000)]
  const environment = ['A=', 'A=1', 'B==', ' =x', 'é=\n']
  const pairs = [...listed('argument', argument), ...bare, ...listed('environment', environment)]
  t.match(answers('step', [encodePairs(pairs)])[0], {
    argument: argument.map(hexadecimal),
    environment: environment.map(hexadecimal),
    'argument-ended': true,
    'environment-ended': true,
  })
  t.end()
})

t.test('step: the bounds of lists', (t) => {
  const many = (count: number, value: string): string[] => Array(count).fill(value)
  const one = listed('argument', ['a'])
  const allowed = [
    [...bare, ...one],
    [...bare, ...listed('argument', ['a', ...many(4095, '')])],
    [...bare, ...one, ...listed('environment', many(4096, 'A='))],
  ]
  const answered = answers('step', allowed.map(encodePairs))
  t.notOk(answered.some(isRefused))
  t.match(answered[1], { 'argument-ended': true })
  t.equal((answered[2] as { environment: unknown[] }).environment.length, 4096)
  const wrong = [
    bare,
    [...bare, ...listed('argument', [''])],
    [...bare, ...listed('argument', ['a', ...many(4096, '')])],
    [...bare, ...one, ...listed('environment', many(4097, 'A='))],
    ...['', '=', '=x', 'A', 'A\n'].map((value) => [
      ...bare,
      ...one,
      ...listed('environment', [value]),
    ]),
  ]
  t.ok(answers('step', wrong.map(encodePairs)).every(isRefused))
  t.end()
})

t.test('step: as long as its frame, and not a byte longer', (t) => {
  const rest = encodePairs([...bare, ['argument', 'a']]).length
  const filled = (size: number): Buffer =>
    encodePairs([...bare, ['argument', 'a'], ['argument', 'b'.repeat(size - rest - 10)]])
  t.equal(filled(1_048_576).length, 1_048_576)
  const [longest, longer] = answers('step', [filled(1_048_576), filled(1_048_577)])
  t.notOk(isRefused(longest))
  t.ok(isRefused(longer))
  t.end()
})

t.test('collect: paths are kept in order, and are paths beneath the root', (t) => {
  const bare = goodCollect.filter(([key]) => key !== 'path')
  const paths = ['a', 'a/b', ' \n\x01é', `${'aaaaaaa/'.repeat(511)}aaaaaaa`]
  t.match(answers('collect', [encodePairs([...listed('path', paths), ...bare])])[0], {
    path: paths.map(hexadecimal),
    'path-ended': true,
  })
  const many = answers('collect', [
    encodePairs([...bare, ...listed('path', Array(4096).fill('a'))]),
  ])
  t.equal((many[0] as { path: unknown[] }).path.length, 4096)
  const wrong = [
    ...['', '/a', 'a/', 'a//b', '.', '..', 'a/..', './a', `${'aaaaaaa/'.repeat(512)}a`].map(
      (path) => [...bare, ...listed('path', [path])],
    ),
    [...bare, ...listed('path', Array(4097).fill('a'))],
    [...bare, ...listed('argument', ['a'])],
    [...bare, ...listed('environment', ['A=b'])],
  ]
  t.ok(answers('collect', wrong.map(encodePairs)).every(isRefused))
  t.notOk(isRefused(answers('collect', [encodePairs(bare)])[0]), 'control: no path is all')
  t.end()
})

t.test('file: mode, size and path', (t) => {
  const head = (path: string, mode = 0o644, size = 6): Buffer => encodeFileHead(path, mode, size)
  t.same(answers('file', [head('src/main.c'), head('a', 0, 0), head('é', 0o777, Number(exact))]), [
    { mode: 0o644, size: '6', path: hexadecimal('src/main.c') },
    { mode: 0, size: '0', path: hexadecimal('a') },
    { mode: 0o777, size: String(exact), path: hexadecimal('é') },
  ])
  const inRun = encodeFileHead('run/secrets/a', 0o400, 6, true)
  t.same(answers('file', [inRun]), [
    { mode: 0o400, inRun: true, size: '6', path: hexadecimal('run/secrets/a') },
  ])
  const longest = `${'aaaaaaa/'.repeat(511)}aaaaaaa`
  t.notOk(isRefused(answers('file', [head(longest)])[0]), '4095 bytes')
  const large = head('a')
  large.writeBigUInt64LE(exact + 1n, 4)
  const huge = head('a')
  huge.writeBigUInt64LE(2n ** 64n - 1n, 4)
  const paths = ['', '/a', 'a/', 'a//b', '.', '..', 'a/.', 'a/../b', './a', 'a\0', 'a\0b', '\0']
  const wrong = [
    ...paths.map((path) => head(path)),
    ...[0o1000, 0o4755, 0o2755, 0o100644, 0xffffffff].map((mode) => head('a', mode)),
    ...['etc/passwd', 'run', 'runs/a', 'run/../etc/a'].map((path) =>
      encodeFileHead(path, 0o400, 6, true),
    ),
    head(`${longest}a`),
    head('a'.repeat(256)),
    head('a'.repeat(100_000)),
    large,
    huge,
    ...Array.from({ length: 12 }, (_, length) => head('a').subarray(0, length)),
  ]
  t.ok(answers('file', wrong).every(isRefused))
  t.end()
})
