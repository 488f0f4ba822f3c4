// Pipelines as people have them: a small C project and a small Node project, built, tested and packed, with a secret that signs the
// package, variables from step to step, artifacts fetched and looked at, and a receipt that verifies.
import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Attestation } from '../../contract/receipt.js'
import type { Job } from '../../contract/result.js'
import { verifyKeyOf, verifyReceipt } from '../../ops/receipt-check.js'
import { accountOf, address, openTenant } from '../stack.js'

const tenant = openTenant('sandbox-pipeline', 'ci')
const limits = { wallMs: 30_000, cpuMs: 30_000, memoryBytes: 268_435_456 }
const signingKey = 'signing key of the pipeline'

const cProject: NonNullable<JobSpec['files']> = [
  { path: 'src/stack.h', content: 'int push(int value);\nint pop(void);\n' },
  {
    path: 'src/stack.c',
    content:
      '#include "stack.h"\nstatic int values[16];\nstatic int depth;\nint push(int value) { if (depth == 16) return -1; values[depth++] = value; return 0; }\nint pop(void) { return depth == 0 ? -1 : values[--depth]; }\n',
  },
  {
    path: 'test/stack.c',
    content:
      '#include <assert.h>\n#include <stdio.h>\n#include "../src/stack.h"\nint main(void) { assert(pop() == -1); assert(push(7) == 0); assert(pop() == 7); puts("3 of 3 passed"); }\n',
  },
]

const signed =
  "python3 -c \"import hmac, sys; print(hmac.new(open('/run/secrets/SIGNING_KEY', 'rb').read(), open(sys.argv[1], 'rb').read(), 'sha256').hexdigest())\""

const cPipeline = (files: NonNullable<JobSpec['files']>): JobSpec => ({
  ...{ language: 'c', limits, files, seccomp: 'build' },
  secrets: [{ name: 'SIGNING_KEY', value: signingKey }],
  artifacts: [
    { path: 'build/*.a', when: 'success' },
    { path: 'build/*.sig', when: 'success' },
    { path: 'reports' },
  ],
  steps: [
    { name: 'version', run: 'echo VERSION=1.2.$(cat src/*.c | wc -l) >> $STOCKADE_ENV' },
    {
      name: 'build',
      run: 'mkdir build reports\ngcc -Wall -Werror -c -o build/stack.o src/stack.c\nar rcs build/libstack-$VERSION.a build/stack.o',
    },
    {
      name: 'test',
      run: 'gcc -o build/test test/stack.c build/libstack-$VERSION.a\nbuild/test > reports/unit.txt 2>&1 || { cat reports/unit.txt; exit 1; }',
      limits: { wallMs: 10_000 },
    },
    { name: 'sign', run: `${signed} build/libstack-$VERSION.a > build/libstack.sig` },
    { name: 'blame', run: 'echo "tests failed" > reports/blame.txt', if: 'failure' },
    { name: 'tell', run: 'cat reports/*', if: 'always' },
  ],
})

const outcomes = ({ steps }: Job): string => steps.map(({ outcome }) => outcome).join(' ')

async function artifact(job: Job, path: string): Promise<Buffer> {
  const response = await fetch(`http://${address}/v1/jobs/${job.id}/artifacts/${path}`, {
    headers: { authorization: `Bearer ${tenant.key}` },
  })
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${accountOf(job)}`)
  return Buffer.from(await response.arrayBuffer())
}

async function verified(job: Job, spec: JobSpec): Promise<readonly string[]> {
  const { json } = await tenant.request('GET', '/v1/attestation')
  const keys = (json as Attestation).keys.map(verifyKeyOf)
  const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
  return verifyReceipt(bytes(job), keys, bytes(spec)).faults
}

t.test('a C project: built, tested, signed, kept', async (t) => {
  const spec = cPipeline(cProject)
  const job = await tenant.run(spec)
  t.equal(outcomes(job), 'ok ok ok ok skipped ok', accountOf(job))
  t.equal(job.stdout, '3 of 3 passed\n')
  const names = job.artifacts?.files.map(({ path }) => path)
  t.same(names, ['build/libstack-1.2.5.a', 'build/libstack.sig', 'reports/unit.txt'])
  const library = await artifact(job, 'build/libstack-1.2.5.a')
  t.equal(library.subarray(0, 8).toString(), '!<arch>\n')
  const digest = createHash('sha256').update(library).digest('hex')
  t.equal(job.artifacts?.files[0]?.digest, digest)
  const signature = createHmac('sha256', signingKey).update(library).digest('hex')
  t.equal((await artifact(job, 'build/libstack.sig')).toString(), `${signature}\n`)
  t.same(await verified(job, spec), [], 'the receipt holds, though a step was skipped')
  const other = { ...job, artifacts: { ...job.artifacts, files: [] } } as unknown as Job
  t.ok((await verified(other, spec)).length > 0, 'and covers the list of artifacts')
})

t.test('the same with a fault: what was built is not kept, what tells of it is', async (t) => {
  const broken = cProject.map((file) => ({
    ...file,
    content: file.content?.replace('values[--depth]', 'values[depth]') ?? '',
  }))
  const spec = cPipeline(broken)
  const job = await tenant.run(spec)
  t.equal(outcomes(job), 'ok ok exit-nonzero skipped ok ok', accountOf(job))
  t.match(job, { failedStep: 'test', outcome: 'exit-nonzero', stdout: /Assertion .* failed/ })
  t.same(
    job.artifacts?.files.map(({ path }) => path),
    ['reports/blame.txt', 'reports/unit.txt'],
  )
  t.same(await verified(job, spec), [])
})

const nodeProject: NonNullable<JobSpec['files']> = [
  { path: 'package.json', content: '{"name":"sum","version":"2.0.1","type":"module"}\n' },
  { path: 'sum.js', content: 'export const sum = (...all) => all.reduce((a, b) => a + b, 0)\n' },
  {
    path: 'sum.test.js',
    content:
      "import assert from 'node:assert'\nimport { sum } from './sum.js'\nassert.equal(sum(1, 2, 3), 6)\nassert.equal(sum(), 0)\nconsole.log('ok')\n",
  },
]

const catalogue = await tenant.request('GET', '/v1/languages')
const hasNode = catalogue.text.includes('"name":"javascript"')
const skip = hasNode
  ? false
  : 'this machine has no image with Node (npm run test:full builds all of them)'

t.test('a Node project: tested and packed', { skip }, async (t) => {
  const job = await tenant.run({
    ...{ language: 'javascript', files: nodeProject, limits: { ...limits, processes: 64 } },
    artifacts: [{ path: 'dist' }],
    steps: [
      {
        name: 'version',
        run: `node -p "'VERSION=' + JSON.parse(require('fs').readFileSync('package.json')).version" >> $STOCKADE_ENV`,
      },
      { name: 'test', command: ['node', 'sum.test.js'] },
      { name: 'pack', run: 'mkdir dist\ntar -cf dist/sum-$VERSION.tar package.json sum.js' },
    ],
  })
  t.equal(outcomes(job), 'ok ok ok', accountOf(job))
  t.equal(job.steps[1]?.stdout, 'ok\n')
  const tar = await artifact(job, 'dist/sum-2.0.1.tar')
  t.ok(tar.includes(Buffer.from('export const sum')))
})
