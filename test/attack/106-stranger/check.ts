// Row 106: another tenant with a valid key and the job's id.
import type { Test } from 'tap'
import { openTenant, type Tenant } from '../../stack.js'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const stranger = openTenant('stranger')
  const job = await tenant.submit({ language: 'bash', source: 'echo private; sleep 2; echo still' })
  const paths = [
    ['GET', `/v1/jobs/${job.id}`],
    ['GET', `/v1/jobs/${job.id}?wait=1`],
    ['GET', `/v1/jobs/${job.id}/events`],
    ['DELETE', `/v1/jobs/${job.id}`],
  ] as const
  for (const [method, path] of paths) {
    const answer = await stranger.request(method, path)
    t.equal(answer.status, 404, `stranger: ${method} ${path}`)
    t.notMatch(answer.text, /private/)
  }
  const list = await stranger.request('GET', '/v1/jobs?limit=100')
  t.notOk(list.text.includes(job.id), 'the stranger’s list does not hold it')
  const unknown = await stranger.request('GET', `/v1/jobs/job_${'0'.repeat(26)}`)
  const theirs = await stranger.request('GET', `/v1/jobs/${job.id}`)
  const withoutId = (text: string): string => text.replace(/"requestId":"[^"]*"/, '')
  t.equal(
    withoutId(theirs.text),
    withoutId(unknown.text),
    'a stranger’s job and no job answer alike',
  )
  const key = 'same-key-of-two-tenants'
  const spec = { language: 'bash', source: 'echo own' }
  const own = await tenant.request('POST', '/v1/jobs', spec, { 'idempotency-key': key })
  const other = await stranger.request('POST', '/v1/jobs', spec, { 'idempotency-key': key })
  t.not(
    (own.json as { id: string }).id,
    (other.json as { id: string }).id,
    'idempotency keys are each tenant’s own',
  )
  const done = await tenant.finished(job.id)
  t.equal(
    done.stdout,
    'private\nstill\n',
    'control: the owner reads it, and nobody has cancelled it',
  )
  t.equal(
    (await tenant.request('GET', `/v1/jobs/${job.id}`)).status,
    200,
    'control: with the owner’s key',
  )
}
