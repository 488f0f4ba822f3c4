// Grants from YAML: what loads, and that each fault is told with its place.
import t from 'tap'
import { GrantError, parseGrants } from '../../policy/grant-file.js'
import { revisionOf } from '../../policy/revision.js'

const good =
  'name: course\nextends: grader\nlimits:\n  wallMs: { default: 1000, maximum: 2000 }\nlanguages: [python]\n'

function faultsOf(text: string): readonly string[] {
  try {
    parseGrants([{ name: 'a.yaml', text }])
    return []
  } catch (error) {
    if (error instanceof GrantError) return error.message.split('\n')
    throw error
  }
}

t.test('presets are always there', async (t) => {
  t.strictSame([...parseGrants([]).keys()], ['untrusted', 'grader', 'ci', 'platform'])
})

t.test('a grant stands on its preset', async (t) => {
  const course = parseGrants([{ name: 'course.yaml', text: good }]).get('course')
  t.same(course?.grant.limits.wallMs, { default: 1000, maximum: 2000 })
  t.equal(course?.grant.rootInside, false)
  t.strictSame(course?.grant.languages, ['python'])
})

t.test('its revision follows its content', async (t) => {
  const revision = (text: string) =>
    parseGrants([{ name: 'course.yaml', text }]).get('course')?.revision
  t.equal(revision(good), revision(`${good}# a comment\n`))
  t.not(revision(good), revision(good.replace('2000', '2001')))
})

const bad: readonly (readonly [name: string, text: string, fault: RegExp])[] = [
  ['broken YAML', 'name: [', /a\.yaml:\d+:\d+:/],
  ['equal keys', 'name: a\nname: b\nextends: ci\n', /a\.yaml:2:1: Map keys must be unique/],
  ['no preset', 'name: a\n', /`extends` must be one of/],
  ['an unknown preset', 'name: a\nextends: root\n', /a\.yaml:2:1: \/extends/],
  ['an unknown field', 'name: a\nextends: ci\nrootInsid: true\n', /a\.yaml:3:1: \/rootInsid /],
  ['a wrong type', 'name: a\nextends: ci\nrootInside: 1\n', /a\.yaml:3:1: \/rootInside/],
  [
    'zero as a limit',
    'name: a\nextends: ci\nlimits:\n  wallMs: { default: 0, maximum: 1 }\n',
    /a\.yaml:4:\d+: \/limits\/wallMs\/default/,
  ],
  [
    'a default above its maximum',
    'name: a\nextends: ci\nlimits:\n  wallMs: { default: 5, maximum: 1 }\n',
    /above the maximum/,
  ],
  [
    'a disk above memory',
    'name: a\nextends: untrusted\nlimits:\n  diskBytes: { default: 1, maximum: 9000000000 }\n',
    /memoryBytes/,
  ],
  [
    'a capability that cannot be given',
    'name: a\nextends: ci\ncapabilities: [CAP_SYS_ADMIN]\n',
    /cannot promise CAP_SYS_ADMIN/,
  ],
  ['a preset’s name', 'name: ci\nextends: ci\n', /Must be a, as the file is named/],
  ['an anchor', 'name: a\nextends: ci\nimages: &x ["*"]\n', /Anchors/],
  ['a list', '- a\n', /mapping/],
  ['nothing', '', /mapping/],
]
for (const [name, text, fault] of bad) {
  t.test(`refuses ${name}`, async (t) => {
    const faults = faultsOf(text)
    t.ok(
      faults.some((line) => fault.test(line)),
      faults.join('\n') || 'it was accepted',
    )
  })
}

t.test('very deep nesting is refused, and told of in few lines', async (t) => {
  const faults = faultsOf(`extends: ci\nimages: ${'['.repeat(1500)}\n`)
  t.ok(faults.length > 0 && faults.length <= 20, `${faults.length} faults`)
})

t.test('every fault of every file is named, each with its file', async (t) => {
  try {
    parseGrants([
      { name: 'grants/Course.yaml', text: good },
      { name: 'b.yaml', text: 'extends: ci\nrootInside: 1\n' },
      { name: 'c.yml', text: 'extends: [' },
    ])
    t.fail('it was accepted')
  } catch (error) {
    const faults = (error as GrantError).faults.map(
      ({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`,
    )
    t.strictSame(faults, [
      'grants/Course.yaml:1:1: A grant file is named like acme.yaml, in [a-z0-9-]; not "Course".',
      'b.yaml:2:1: /rootInside Must be true or false, not a number.',
      'c.yml:1:11: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ])
    t.equal((error as Error).name, 'GrantError')
    t.equal((error as Error).message, faults.join('\n'))
  }
})

t.test('a revision is FNV-1a of the canonical JSON', async (t) => {
  t.equal(revisionOf(''), '07cc7607b4949e25')
  t.equal(revisionOf({ b: [1, null], a: 'ü' }), revisionOf({ a: 'ü', b: [1, null] }))
  t.not(revisionOf([1, 2]), revisionOf([2, 1]))
  t.not(revisionOf({ a: { b: 1 } }), revisionOf({ a: { c: 1 } }))
  t.not(revisionOf([]), revisionOf({}))
  t.match(revisionOf('x'), /^[0-9a-f]{16}$/)
})

t.test('one bad file refuses the whole set', async (t) => {
  t.throws(
    () =>
      parseGrants([
        { name: 'course.yaml', text: good },
        { name: 'bad', text: 'name: [' },
      ]),
    /bad:/,
  )
  t.throws(
    () =>
      parseGrants([
        { name: 'course.yaml', text: good },
        { name: 'course.yml', text: good },
      ]),
    /course is also in/,
  )
})
