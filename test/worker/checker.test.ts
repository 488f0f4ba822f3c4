// The checkers without a program: what they take for right, what for badly set, and the place that they show.
import t from 'tap'
import type { CheckerKind } from '../../contract/test-case.js'
import { check } from '../../worker/checker.js'
import { escapedText } from '../../worker/escaped-text.js'

const tolerance = { absolute: 1e-6, relative: 1e-6 }
type Case = readonly [expected: string, got: string, verdict: string]
const accepted = 'accepted'
const wrong = 'wrong-answer'
const badlySet = 'presentation-error'

const cases: Readonly<Record<CheckerKind, readonly Case[]>> = {
  exact: [
    ['1 2\n', '1 2\n', accepted],
    ['1 2\n', '1 2', badlySet],
    ['1 2\n', '1  2\n', badlySet],
    ['1 2\n', '1 3\n', wrong],
    ['', '', accepted],
    ['', '\n', badlySet],
    ['', 'x', wrong],
    ['x', '', wrong],
  ],
  trimmed: [
    ['1 2\n', '1 2', accepted],
    ['1 2\n3\n', '1 2 \t\r\n3\n\n \n', accepted],
    ['1 2\n\n', '1 2', accepted],
    ['1 2\n', ' 1 2\n', badlySet],
    ['1 2\n', '1\n2\n', badlySet],
    ['a\n\nb', 'a\nb', badlySet],
    ['1 2\n', '1 2 3\n', wrong],
    ['1 2 3\n', '1 2\n', wrong],
    ['Yes\n', 'yes\n', wrong],
  ],
  tokens: [
    ['1 2\n3', '  1\n2\t3\n\n', accepted],
    ['12', '1 2', wrong],
    ['', ' \n', accepted],
    ['1', '', wrong],
  ],
  float: [
    ['1.0 2', '1.0000005 2.0', accepted],
    ['1000000', '1000000.9', accepted],
    ['1000000', '1000002', wrong],
    ['0', '0.000001', accepted],
    ['0', '0.00001', wrong],
    ['1e3', '1000', accepted],
    ['x 1', 'x 1', accepted],
    ['x 1', 'y 1', wrong],
    ['nan', 'nan', accepted],
    ['1', 'nan', wrong],
    ['1', 'inf', wrong],
    ['1', '0x1', wrong],
    ['1', '', wrong],
    ['1e999999', '1e999999', accepted],
  ],
  'case-insensitive': [
    ['YES no', 'yes\nNO', accepted],
    ['YES', 'yess', wrong],
    ['é', 'É', wrong],
    ['[', '{', wrong],
  ],
}

for (const [kind, all] of Object.entries(cases)) {
  t.test(kind, (t) => {
    for (const [expected, got, verdict] of all) {
      const checked = check(kind as CheckerKind, tolerance, Buffer.from(expected), Buffer.from(got))
      t.equal(checked.verdict, verdict, JSON.stringify([expected, got]))
      t.equal(checked.difference === undefined, verdict === accepted)
    }
    t.end()
  })
}

t.test('the first difference: where it is, and in plain characters', (t) => {
  const [expected, got] = [Buffer.from('1 2\n3 4\n5'), Buffer.from('1 2\n3 \x1b[31m\0é\n5')]
  t.same(check('tokens', tolerance, expected, got).difference, {
    line: 2,
    byte: 6,
    expected: '4\\n5',
    got: '\\x1b[31m\\x00\\xc3\\xa9\\n5',
  })
  const long = check('exact', tolerance, Buffer.alloc(1000, 'a'), Buffer.alloc(1_000_000, 'b'))
  t.match(long.difference, { line: 1, byte: 0, expected: 'a'.repeat(40), got: 'b'.repeat(40) })
  t.equal(escapedText(Buffer.from('\\ \t\r\x7f')), '\\\\ \\t\\r\\x7f')
  t.end()
})

t.test(
  'blanks alone, lines alone, words without end: none takes more than a look at each byte',
  (t) => {
    const size = 4_000_000
    const words = Buffer.from('1 '.repeat(size / 2))
    t.equal(
      check('tokens', tolerance, words, Buffer.from(words.toString().replaceAll(' ', '\n')))
        .verdict,
      accepted,
    )
    t.equal(
      check('trimmed', tolerance, Buffer.alloc(size, '\n'), Buffer.alloc(size, ' ')).verdict,
      accepted,
    )
    t.equal(
      check('float', tolerance, Buffer.alloc(size, '1'), Buffer.alloc(size + 1, '1')).verdict,
      wrong,
    )
    t.end()
  },
)
