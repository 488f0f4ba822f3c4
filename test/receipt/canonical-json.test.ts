// Canonical JSON against the examples of its RFC, and against what must have no canonical form.
import t from 'tap'
import { canonicalJson } from '../../contract/canonical-json.js'

t.test('numbers, strings and literals as RFC 8785, 3.2.2 shows them', (t) => {
  const input =
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
    '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}'
  t.equal(
    canonicalJson(JSON.parse(input)),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
  t.end()
})

t.test('members in the order of their UTF-16 code units, as RFC 8785, 3.2.3 shows it', (t) => {
  const input = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    1: 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  const names = [...canonicalJson(input).matchAll(/:"([^"]+)"/g)].map((match) => match[1])
  t.same(names, [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ])
  t.end()
})

t.test('spaces and order do not matter, every value does', (t) => {
  const one = canonicalJson(JSON.parse('{ "b": [1, {"d": -0, "c": 1.0}], "a": "" }'))
  t.equal(one, '{"a":"","b":[1,{"c":1,"d":0}]}')
  t.equal(canonicalJson({ a: undefined, b: 1 }), '{"b":1}', 'a member that is not there')
  for (const other of [
    { a: '', b: [1, { c: 1, d: 0.5 }] },
    { a: null, b: [1, { c: 1, d: 0 }] },
  ])
    t.not(canonicalJson(other), one)
  t.end()
})

t.test('what JSON cannot carry has no canonical form', (t) => {
  for (const value of ['\ud800', { '\udc00': 1 }, [Number.NaN], Number.POSITIVE_INFINITY, 1n])
    t.throws(() => canonicalJson(value), TypeError)
  t.end()
})
