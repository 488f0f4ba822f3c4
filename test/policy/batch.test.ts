// Batches as they are sent: combinations, names, circles, and every fault at its place.
import t from 'tap'
import { batchJobsMax } from '../../contract/batch.js'
import { expandBatch } from '../../policy/batch-expansion.js'

const large = 1_000_000
const job = (more: object = {}): object => ({ language: 'bash', source: 'true', ...more })
function faultsOf(body: unknown, bytesMax = large): string[] {
  const expansion = expandBatch(body, bytesMax)
  return expansion.ok ? [] : expansion.faults.map(({ pointer, message }) => `${pointer} ${message}`)
}
function entriesOf(jobs: readonly object[]) {
  const expansion = expandBatch({ jobs }, large)
  if (!expansion.ok) throw new Error(JSON.stringify(expansion.faults))
  return expansion.entries
}

t.test('a matrix is one job a combination, the first name slowest', async (t) => {
  const matrix = { os: ['a', 'b'], level: ['1', '2', '3'] }
  const source = 'echo {{matrix.os}} {{matrix.level}} {{other}} {{matrix.os}}'
  const entries = entriesOf([
    job({ matrix, source, labels: { own: 'x' }, env: { A: '{{matrix.os}}' } }),
  ])
  t.equal(entries.length, 6)
  t.match(entries[1], {
    pointer: '/jobs/0',
    combination: 'os=a, level=2',
    spec: {
      source: 'echo a 2 {{other}} a',
      env: { A: 'a' },
      labels: { own: 'x', 'matrix/os': 'a', 'matrix/level': '2' },
    },
  })
  t.notOk(Object.hasOwn(entries[0]?.spec as object, 'matrix'))
  const inert = entriesOf([
    job({ matrix: { a: ['{{matrix.b}}', '$&'], b: ['x'] }, source: '{{matrix.a}}' }),
  ])
  t.same(
    inert.map(({ spec }) => (spec as { source: string }).source),
    ['{{matrix.b}}', '$&'],
    'values are not looked at again',
  )
  const plain = entriesOf([job({ source: '{{matrix.os}}' })])
  t.match(
    plain[0]?.spec,
    { source: '{{matrix.os}}' },
    'without a matrix nothing stands for anything',
  )
})

t.test('a name means all combinations of it', async (t) => {
  const id = `job_${'0'.repeat(26)}`
  const entries = entriesOf([
    job({ name: 'end', after: [{ job: 'test', on: 'always' }, { job: id }] }),
    job({ name: 'build' }),
    job({ name: 'test', matrix: { n: ['1', '2'] }, after: [{ job: 'build' }] }),
  ])
  t.same(
    entries.map(({ name }) => name),
    ['end', 'build', 'test', 'test'],
  )
  t.same(entries[0]?.after, [
    { job: 2, on: 'always' },
    { job: 3, on: 'always' },
    { job: id, on: 'success' },
  ])
  t.same(entries[3]?.after, [{ job: 1, on: 'success' }])
})

t.test('circles, long and short, are shown', async (t) => {
  const after = (...names: string[]): object => ({ after: names.map((name) => ({ job: name })) })
  t.same(faultsOf({ jobs: [job({ name: 'a', ...after('a') })] }), [
    '/jobs/0/after/0 It goes in a circle: a after a.',
  ])
  t.same(
    faultsOf({
      jobs: [
        job({ name: 'x' }),
        job({ name: 'a', ...after('x', 'b') }),
        job({ name: 'b', ...after('c') }),
        job({ name: 'c', ...after('a') }),
      ],
    }),
    ['/jobs/3/after/0 It goes in a circle: a after b after c after a.'],
  )
  const long = Array.from({ length: batchJobsMax }, (_, at) =>
    job({ name: `n${at}`, ...(at === 0 ? {} : after(`n${at - 1}`)) }),
  )
  t.same(faultsOf({ jobs: long }), [], 'control: a chain of a thousand is none')
  const closed = [job({ name: 'n0', ...after(`n${batchJobsMax - 1}`) }), ...long.slice(1)]
  t.equal(faultsOf({ jobs: closed }).length, 1)
  const diamond = [
    job({ name: 'a' }),
    job({ name: 'b', ...after('a') }),
    job({ name: 'c', ...after('a') }),
    job({ name: 'd', ...after('b', 'c') }),
  ]
  t.same(faultsOf({ jobs: diamond }), [], 'control: two ways to one are none')
})

t.test('faults of the batch itself, all at once', async (t) => {
  t.match(
    faultsOf({
      jobs: [
        job({ name: 'A', matrix: { n: [] } }),
        job({ name: 'twice', source: '{{matrix.no}}', matrix: { yes: ['1'] } }),
        job({ name: 'twice' }),
        job({ after: [{ job: 'nobody' }] }),
        7,
        job({ after: { job: 'x' } }),
      ],
      jobz: 1,
    }).map((line) => line.split(' ')[0]),
    ['/jobz', '/jobs/0/name', '/jobs/0/matrix/n', '/jobs/4', '/jobs/5/after', '/jobs/1/source'],
  )
  t.match(
    faultsOf({
      jobs: [job({ name: 'twice' }), job({ name: 'twice' }), job({ after: [{ job: 'nobody' }] })],
    }).map((line) => line.split(' ')[0]),
    ['/jobs/1/name', '/jobs/2/after/0/job'],
  )
  for (const body of [
    null,
    [],
    7,
    {},
    { jobs: {} },
    { jobs: [] },
    { jobs: Array(batchJobsMax + 1).fill(job()) },
  ])
    t.ok(faultsOf(body).length > 0, JSON.stringify(body).slice(0, 40))
})

t.test('what combinations come to is bounded', async (t) => {
  const values = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at))
  t.match(faultsOf({ jobs: [job({ matrix: { a: values(100), b: values(11) } })] }), [
    /matrix Has more than 1000/,
  ])
  t.match(
    faultsOf({
      jobs: [
        job({ matrix: { a: values(100), b: values(6) } }),
        job({ matrix: { a: values(100), b: values(6) } }),
      ],
    }),
    [/^\/jobs With all/],
  )
  const wide = job({ source: '{{matrix.a}}'.repeat(1000), matrix: { a: ['x'.repeat(128), 'y'] } })
  t.match(faultsOf({ jobs: [wide] }, 100_000), [/^\/jobs With all/], 'and so are their bytes')
  t.same(faultsOf({ jobs: [wide] }), [], 'control')
})
