// Row 32, CVE-2024-23653: what one way in refuses, another one lets through. All ways judge by one function: same option, same refusal.
import type { Test } from 'tap'
import { type Answer, openTenant, type Tenant } from '../../stack.js'

const forbidden: readonly Readonly<Record<string, unknown>>[] = [
  { privileged: true },
  { allowSetuid: true },
  { capabilities: { add: ['SYS_ADMIN'] } },
  { capabilities: { add: ['ALL'] } },
  { namespaces: { pid: 'host' } },
  { namespaces: { user: 'host', network: 'host' } },
  { network: 'host' },
  { devices: ['/dev/kvm'] },
  { sysctls: { 'kernel.core_pattern': 'x' } },
  { seccomp: 'unconfined' },
  { apparmor: 'unconfined' },
  { mounts: [{ type: 'bind', source: '/', target: '/host' }] },
  { workdir: '/proc/1/root' },
  { user: { uid: 0, gid: 0 }, privileged: true, devices: ['/dev/mem'] },
]

type Violation = { readonly rule: string; readonly pointer: string }

function violationsOf(answer: Answer): string[] {
  const { violations = [] } = answer.json as { violations?: Violation[] }
  // A batch says of which of its jobs.
  return violations
    .map(({ rule, pointer }) => `${rule} ${pointer.replace(/^\/jobs\/0/, '')}`)
    .sort()
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const doors: Readonly<Record<string, (body: unknown) => Promise<Answer>>> = {
    'without waiting': (body) => tenant.request('POST', '/v1/jobs', body),
    'waiting by the query': (body) => tenant.request('POST', '/v1/jobs?wait=5', body),
    'waiting by a header': (body) => tenant.request('POST', '/v1/jobs', body, { prefer: 'wait=5' }),
    'once more with a key': (body) =>
      tenant.request('POST', '/v1/jobs', body, {
        'idempotency-key': `row-32-${JSON.stringify(body).length}`,
      }),
    'another content type': (body) =>
      tenant.request('POST', '/v1/jobs', body, {
        'content-type': 'application/json; charset=utf-8',
      }),
    'in a batch': (body) => tenant.request('POST', '/v1/batches', { jobs: [body] }),
  }
  const plain = { language: 'bash', source: 'true' }
  for (const option of forbidden) {
    const body = { ...plain, ...option }
    const evaluation = await tenant.request('POST', '/v1/policy/evaluate', body)
    const wanted = violationsOf(evaluation)
    t.equal(
      (evaluation.json as { verdict?: string }).verdict,
      'deny',
      `evaluated: ${JSON.stringify(option)}`,
    )
    t.ok(wanted.length > 0, `with reasons: ${wanted.join(', ')}`)
    for (const [door, ask] of Object.entries(doors)) {
      const answer = await ask(body)
      t.equal(answer.status, 403, `${door}: denied`)
      t.same(violationsOf(answer), wanted, `${door}: for the same reasons`)
    }
  }
  for (const [door, ask] of Object.entries(doors))
    t.ok([200, 202].includes((await ask(plain)).status), `control, ${door}: the plain job is taken`)
  for (const [method, path] of [
    ['PUT', '/v1/jobs'],
    ['PATCH', '/v1/jobs'],
    ['POST', '/v1/jobs/'],
    ['POST', '/V1/jobs'],
  ] as const) {
    const answer = await tenant.request(method, path, { ...plain, privileged: true })
    t.ok([404, 405].includes(answer.status), `${method} ${path} is no way in: ${answer.status}`)
  }
  await checkSessions(t)
  const asAdmin = await tenant.request('POST', '/v1/admin/keys', { ...plain, privileged: true })
  t.match(asAdmin, { status: 403, json: { code: 'scope-missing' } }, 'nor is the operator’s door')
}

/** A session is a job without a program, of a tenant that may have one. */
async function checkSessions(t: Test): Promise<void> {
  const owner = openTenant('attack-sessions', 'platform')
  for (const option of forbidden) {
    const body = { image: 'default', ...option }
    const evaluation = await owner.request('POST', '/v1/policy/evaluate', { ...body, session: {} })
    const wanted = violationsOf(evaluation)
    t.ok(wanted.length > 0, `a session: ${wanted.join(', ')}`)
    const answer = await owner.request('POST', '/v1/sessions', body)
    t.equal(answer.status, 403, `a session: denied ${JSON.stringify(option)}`)
    t.same(violationsOf(answer), wanted, 'for the same reasons')
  }
  const plain = await owner.request('POST', '/v1/sessions', { image: 'default' })
  t.equal(plain.status, 201, 'control: the plain session is opened')
  await owner.request('DELETE', `/v1/sessions/${(plain.json as { id: string }).id}`)
}
