// The form of a job: every fault at once, with its place; no value makes it throw.
import t from 'tap'
import { checkJobSpec } from '../../policy/schema.js'

function pointersOf(value: unknown): string[] {
  const checked = checkJobSpec(value)
  return checked.ok ? [] : checked.violations.map((violation) => violation.pointer)
}

t.test('takes a job', async (t) => {
  t.ok(checkJobSpec({ language: 'bash', source: 'x' }).ok)
  t.ok(checkJobSpec({ image: 'default', command: ['/bin/true'], labels: { a: 'b' } }).ok)
})

const cases: readonly (readonly [name: string, value: unknown, pointers: readonly string[]])[] = [
  ['unknown fields', { language: 'bash', source: 'x', foo: 1, 'a/b': 2 }, ['/foo', '/a~1b']],
  ['wrong types', { language: 1, source: [] }, ['/language', '/source']],
  ['a source of no bytes', { language: 'bash', source: '' }, ['/source']],
  ['neither language nor image', {}, ['/language']],
  ['both', { language: 'bash', source: 'x', image: 'a', command: ['x'] }, ['/image']],
  ['language without source', { language: 'bash' }, ['/source']],
  ['image without command', { image: 'default' }, ['/command']],
  [
    'limits that are not limits',
    {
      language: 'bash',
      source: 'x',
      limits: { wallMs: 0, cpuMs: -1, processes: 1.5, memoryBytes: '1', cpus: 0 },
    },
    ['/limits/wallMs', '/limits/cpuMs', '/limits/processes', '/limits/memoryBytes', '/limits/cpus'],
  ],
  [
    'ids that wrap',
    { language: 'bash', source: 'x', user: { uid: 4294967296, gid: -1 } },
    ['/user/uid', '/user/gid'],
  ],
  [
    'ids as text',
    { language: 'bash', source: 'x', user: { uid: '0x0', gid: '1000:' } },
    ['/user/uid', '/user/gid'],
  ],
  [
    'two standard inputs',
    { language: 'bash', source: 'x', stdin: '', stdinBase64: '' },
    ['/stdinBase64'],
  ],
  [
    'no base64',
    {
      language: 'bash',
      source: 'x',
      stdinBase64: '!',
      files: [{ path: 'a', contentBase64: 'abc' }],
    },
    ['/stdinBase64', '/files/0/contentBase64'],
  ],
  [
    'a file without content',
    { language: 'bash', source: 'x', files: [{ path: 'a' }] },
    ['/files/0'],
  ],
  ['a lone surrogate', { language: 'bash', source: '\ud800' }, ['/source']],
  ['no object', [], ['']],
]
for (const [name, value, pointers] of cases) {
  t.test(`refuses ${name}`, async (t) => {
    const found = pointersOf(value)
    for (const pointer of pointers)
      t.ok(found.includes(pointer), `${pointer} among ${found.join(' ')}`)
  })
}

t.test('tells of more than eight faults', async (t) => {
  const value = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`unknown${index}`, index]),
  )
  t.ok(pointersOf({ language: 'bash', source: 'x', ...value }).length >= 20)
})

t.test('never throws', async (t) => {
  let deep: unknown = 1
  for (let level = 0; level < 2000; level++) deep = [deep]
  const values = [
    null,
    undefined,
    0,
    '',
    'x',
    true,
    deep,
    { env: deep },
    JSON.parse('{"__proto__":{"a":1},"language":"bash","source":"x"}'),
    { files: Array.from({ length: 5000 }, () => 1) },
  ]
  for (const value of values) t.doesNotThrow(() => checkJobSpec(value))
  t.notOk(checkJobSpec(JSON.parse('{"__proto__":{"a":1},"language":"bash","source":"x"}')).ok)
})
