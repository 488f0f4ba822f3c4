// Secrets of a job: where a program finds them, and that nobody else does.
import t from 'tap'
import type { Problem } from '../../contract/error.js'
import type { JobSpec } from '../../contract/job.js'
import type { SecretList } from '../../contract/secret.js'
import { accountOf, asRoot, instance, openTenant } from '../stack.js'

const tenant = openTenant('sandbox-secrets', 'ci')
const token = 'tok-5e9f/+correct horse'
const limits = { wallMs: 5000, cpuMs: 5000, memoryBytes: 134_217_728 }
const base = { image: 'default', limits } as const

const asked: JobSpec = {
  ...base,
  secrets: [
    { name: 'TOKEN', value: token },
    { name: 'KEY', valueBase64: Buffer.from('a key\n').toString('base64'), mode: 0o600 },
    { name: 'VARIABLE', value: 'in the environment', as: 'environment' },
  ],
  steps: [
    {
      name: 'finds',
      run: 'stat -c "%a %U %n" /run/secrets/*; wc -c < /run/secrets/TOKEN; printf %s "$VARIABLE" | wc -c; ls -A',
    },
    {
      name: 'prints',
      run: 'cat /run/secrets/TOKEN; echo; echo $VARIABLE >&2; for c in 1 2 3; do head -c 9 /run/secrets/TOKEN; sleep 0.1; tail -c +10 /run/secrets/TOKEN; done; echo; base64 /run/secrets/TOKEN',
    },
    {
      name: 'floods',
      run: 'yes "$(cat /run/secrets/TOKEN)"',
      limits: { outputBytes: 50_000 },
      if: 'always',
    },
  ],
}

t.test('a job finds its secrets, and prints none', async (t) => {
  const { id } = await tenant.submit(asked)
  const events: string[] = []
  for await (const { data } of tenant.events(id)) {
    const { base64 = '' } = data as { base64?: string }
    events.push(JSON.stringify(data), Buffer.from(base64, 'base64').toString('latin1'))
  }
  const job = await tenant.finished(id)
  const [finds, prints, floods] = job.steps
  t.equal(
    finds?.stdout,
    `600 job /run/secrets/KEY\n400 job /run/secrets/TOKEN\n${token.length}\n18\n`,
    accountOf(job),
  )
  t.equal(prints?.stdout, `***\n${'***'.repeat(3)}\n***\n`)
  t.equal(prints?.stderr, '***\n')
  t.equal(floods?.outcome, 'output-limit')
  const answer = await tenant.request('GET', `/v1/jobs/${id}`)
  for (const [where, text] of [
    ['the result', answer.text],
    ['the events', events.join('\n')],
  ] as const)
    for (const secret of [token, Buffer.from(token).toString('base64'), 'in the environment'])
      t.notOk(text.includes(secret), `${secret} in ${where}`)
  t.notMatch(floods?.stdout, /tok-|horse/, 'not even where the flood was cut')
})

t.test('what a step leaves in $STOCKADE_ENV the next ones have', async (t) => {
  const job = await tenant.run({
    ...base,
    env: { A: 'job', B: 'job' },
    steps: [
      {
        name: 'leaves',
        run: 'echo A=left >> $STOCKADE_ENV; printf "C<<.\\n1\\n2\\n.\\nnone\\n" >> $STOCKADE_ENV',
      },
      { name: 'has', run: 'echo "$A $B $C"', env: { B: 'own' } },
      { name: 'spoils', run: 'rm $STOCKADE_ENV; ln -s /etc/passwd $STOCKADE_ENV' },
      { name: 'nothing', run: 'echo "$A $C."; rm $STOCKADE_ENV; mkfifo $STOCKADE_ENV' },
      { name: 'pipe', run: 'rm $STOCKADE_ENV; truncate -s 1T $STOCKADE_ENV' },
      { name: 'sparse', run: 'echo "$A"' },
    ],
    limits: { ...limits, fileBytes: 67_108_864 },
  })
  t.equal(job.steps[1]?.stdout, 'left own 1\n2\n', accountOf(job))
  t.same(job.steps[0]?.passedOn, { variables: ['A', 'C'], leftOut: 1 })
  t.same(job.steps[2]?.passedOn, { variables: [], leftOut: 1 }, 'a link is not followed')
  t.equal(job.steps[3]?.stdout, 'job .\n')
  t.same(job.steps[3]?.passedOn, { variables: [], leftOut: 1 }, 'nobody waits for a pipe')
})

t.test('a stored secret is used and never told again; another tenant has none', async (t) => {
  const other = openTenant('sandbox-secrets-other', 'ci')
  const untrusted = openTenant('sandbox-secrets-untrusted')
  const put = await tenant.request('PUT', '/v1/secrets/STORED', { value: token })
  t.match(put, { status: 204, text: '' })
  t.equal((await untrusted.request('PUT', '/v1/secrets/STORED', { value: token })).status, 403)
  const listed = await tenant.request('GET', '/v1/secrets')
  const names = (listed.json as SecretList).secrets.map(({ name }) => name)
  t.ok(names.includes('STORED'), names.join(' '))
  t.notOk(listed.text.includes('tok-'))
  t.equal((await tenant.request('GET', '/v1/secrets/STORED')).status, 405)
  const spec: JobSpec = {
    ...base,
    command: ['wc', '-c', '/run/secrets/STORED'],
    secrets: [{ name: 'STORED' }],
  }
  t.equal((await tenant.run(spec)).stdout, `${token.length} /run/secrets/STORED\n`)
  const refused = await other.request('POST', '/v1/jobs', spec)
  t.equal(refused.status, 400)
  t.equal((refused.json as Problem).violations?.[0]?.pointer, '/secrets/0/name')
  const valueBase64 = Buffer.from('binary\0secret').toString('base64')
  t.equal((await tenant.request('PUT', '/v1/secrets/STORED', { valueBase64 })).status, 204)
  const asVariable = { ...spec, secrets: [{ name: 'STORED', as: 'environment' }] }
  const cut = await tenant.request('POST', '/v1/jobs', asVariable)
  t.equal((cut.json as Problem).violations?.[0]?.pointer, '/secrets/0/as')
  t.equal((await tenant.request('DELETE', '/v1/secrets/STORED')).status, 204)
  t.equal((await tenant.request('POST', '/v1/jobs', spec)).status, 400)
})

t.test('faults say nothing of a value', async (t) => {
  for (const secrets of [
    [{ name: 'a b', value: token }],
    [{ name: 'A', value: token, valueBase64: token }],
    [{ name: 'A', value: `${token}\0`, as: 'environment' }],
    Array.from({ length: 32 }, (_, at) => ({ name: `A${at}`, value: token.padEnd(5000, 'x') })),
  ]) {
    const { status, text } = await tenant.request('POST', '/v1/jobs', { ...asked, secrets })
    t.ok(status === 400 || status === 403, text)
    t.notOk(text.includes('tok-'))
  }
})

t.test('nothing of a secret is in a file of the service', async (t) => {
  const mark = 'stockade-secret-mark-7f21'
  const files = `/var/lib/${instance} /var/log/${instance}`
  const grep = (text: string): string =>
    asRoot(['sh', '-c', `grep -rlaF '${text}' ${files} | grep -v /images/ || true`])
  await tenant.request('PUT', '/v1/secrets/MARK', { value: mark })
  const job = await tenant.run({
    ...base,
    labels: { control: 'stockade-label-mark-7f21' },
    command: ['cat', '/run/secrets/MARK'],
    secrets: [{ name: 'MARK' }],
  })
  t.equal(job.stdout, '***', accountOf(job))
  t.not(grep('stockade-label-mark-7f21'), '', 'control: a label is found')
  t.equal(grep(mark), '')
  t.equal(grep(Buffer.from(mark).toString('base64').slice(0, 30)), '')
})
