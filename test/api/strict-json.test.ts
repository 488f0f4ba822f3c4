// The strict parser: what it refuses that JSON.parse takes, and that it takes all else alike.
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { depthMax, JsonFault, parseStrictJson, valuesMax } from '../../contract/strict-json.js'

const bytes = (text: string): Buffer => Buffer.from(text)

function faultOf(body: Buffer): string {
  try {
    parseStrictJson(body)
  } catch (error) {
    if (error instanceof JsonFault) return error.message
    throw error
  }
  return 'none'
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

const refused: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
  nothing: [bytes(''), /empty/],
  'white space': [bytes('  \n'), /end of JSON/],
  'a byte order mark': [
    Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
    /byte order mark at offset 0|byte order mark is not allowed at offset 0/,
  ],
  'a lone continuation byte': [Buffer.from([0x22, 0x80, 0x22]), /not valid UTF-8/],
  'an overlong slash': [Buffer.from([0x22, 0xc0, 0xaf, 0x22]), /not valid UTF-8/],
  'a surrogate in UTF-8': [Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /not valid UTF-8/],
  'UTF-16': [Buffer.from('{"a":1}', 'utf16le'), /./],
  'trailing garbage': [bytes('{} {}'), /after JSON/],
  'a duplicate key': [bytes('{"a":1,"b":2,"a":3}'), /"a" is there twice at offset 13/],
  'a duplicate key in another spelling': [bytes('{"a":1,"\\u0061":2}'), /"a" is there twice/],
  'a duplicate key deep inside': [bytes('[{"x":{"y":[{"z":1,"z":2}]}}]'), /"z" is there twice/],
  'a duplicate empty key': [bytes('{"":1,"":2}'), /"" is there twice/],
  'a duplicate key after an inner object with it': [
    bytes('{"a":{"a":1},"a":2}'),
    /"a" is there twice/,
  ],
  __proto__: [bytes('{"__proto__":{"polluted":true}}'), /"__proto__" is forbidden/],
  '__proto__ in escapes': [bytes('{"\\u005f\\u005fproto__":1}'), /"__proto__" is forbidden/],
  'constructor with an object': [
    bytes('{"constructor" : {"prototype":{}}}'),
    /"constructor" is forbidden/,
  ],
  'a number above the largest': [bytes('{"a":1e400}'), /too large at offset 5/],
  'a number below the smallest': [bytes('[-1e999]'), /too large at offset 1/],
  'a number of 400 digits': [bytes(`[${'9'.repeat(400)}]`), /too large/],
  NaN: [bytes('[NaN]'), /./],
  Infinity: [bytes('[Infinity]'), /./],
  'a leading zero': [bytes('[01]'), /./],
  hexadecimal: [bytes('[0x10]'), /./],
  'a comment': [bytes('{/* */}'), /./],
  'single quotes': [bytes("{'a':1}"), /./],
  'a trailing comma': [bytes('[1,]'), /./],
  'a raw control character': [bytes('["a\nb"]'), /./],
  'a raw NUL': [bytes('["a\0b"]'), /./],
  'an unfinished string': [bytes('{"a'), /does not end at offset 1/],
  'half a surrogate pair': [bytes('{"a/b":["\\ud800"]}'), /at \/a~1b\/0 has a lone surrogate/],
  'the other half': [bytes('"\\udc00x"'), /lone surrogate/],
  'halves in the wrong order': [bytes('"\\udc00\\ud800"'), /lone surrogate/],
  'half a pair in a key': [bytes('{"\\ud800":1}'), /key .* lone surrogate/],
  'nesting one too deep': [bytes(nested(depthMax + 1)), /levels of nesting/],
  'nesting without end': [bytes('['.repeat(5_000_000)), /levels of nesting at offset 32/],
  'more values than a heap bears': [
    bytes(`[${'{},'.repeat(valuesMax)}{}]`),
    /more than 1000000 values/,
  ],
}

for (const [name, [body, expected]] of Object.entries(refused)) {
  t.test(`refused: ${name}`, (t) => {
    t.match(faultOf(body), expected)
    t.end()
  })
}

const taken: readonly string[] = [
  '{}',
  '[]',
  'null',
  ' {"a" : [1, -2.5e3, true, null, "x"]} ',
  '[{"a":1},{"a":2}]',
  '{"a":{"a":{"a":1}}}',
  '{"constructor":"a name","prototype":"another"}',
  '"\\ud83d\\ude00 \\\\ud800"',
  '{"quote\\"d":1,"quote":2}',
  '{"a":"\\\\","b":"\\\\\\""}',
  '{"a":"{\\"a\\":1,\\"a\\":2}"}',
  '[1e-400, 1e308, 1E+2]',
  nested(depthMax),
]

for (const text of taken) {
  t.test(`taken as JSON.parse takes it: ${text.slice(0, 60)}`, (t) => {
    t.same(parseStrictJson(bytes(text)), JSON.parse(text))
    t.end()
  })
}

t.test('nothing is polluted by what was refused', (t) => {
  faultOf(bytes('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'))
  t.equal(({} as { polluted?: number }).polluted, undefined)
  t.end()
})

/** Random valid documents, so that the scanner is compared with JSON.parse where nobody thought of a case. */
t.test('whatever JSON.stringify writes is read back the same', (t) => {
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % below
  }
  const texts = [
    '',
    'a',
    '"',
    '\\',
    '\\"',
    '{',
    '}:',
    '[,',
    '\u0000',
    'é',
    '漢',
    '😀',
    '\u2028',
    'a":1,"a',
    'e',
    '-',
  ]
  const make = (depth: number): unknown => {
    const kind = random(depth > 4 ? 4 : 6)
    if (kind === 0) return texts[random(texts.length)]
    if (kind === 1) return (random(2_000_000) - 1_000_000) / (random(5) + 1)
    if (kind === 2) return random(2) === 0
    if (kind === 3) return null
    if (kind === 4) return Array.from({ length: random(5) }, () => make(depth + 1))
    return Object.fromEntries(
      Array.from({ length: random(5) }, (_, at) => [
        `${texts[random(texts.length)]}${at}`,
        make(depth + 1),
      ]),
    )
  }
  for (let round = 0; round < 2000; round++) {
    const value = make(0)
    const text = JSON.stringify(value, null, random(3))
    if (!isDeepStrictEqual(parseStrictJson(bytes(text)), JSON.parse(text))) t.fail(text)
  }
  t.pass('2000 documents')
  t.end()
})
