// Two jobs at one time: the first holds something and says `ready`, the second looks for it.
import type { Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { accountOf, type Tenant } from '../stack.js'

async function isReady(tenant: Tenant, jobId: string): Promise<boolean> {
  let text = ''
  for await (const { name, data } of tenant.events(jobId)) {
    if (name === 'stdout') {
      const { base64 } = data as { base64: string }
      text += Buffer.from(base64, 'base64').toString()
    }
    if (text.includes('ready')) return true
    if (name === 'result') return false
  }
  return false
}

/** Runs something while a job holds, and ends that job afterwards. */
export async function beside<Result>(
  t: Test,
  tenant: Tenant,
  holder: JobSpec,
  use: (jobId: string) => Promise<Result>,
): Promise<Result> {
  const { id } = await tenant.submit({ ...holder, limits: { wallMs: 60_000, ...holder.limits } })
  const ready = await isReady(tenant, id)
  if (!ready)
    t.fail(`the job that holds did not come to it: ${accountOf(await tenant.finished(id))}`)
  try {
    return await use(id)
  } finally {
    await tenant.request('DELETE', `/v1/jobs/${id}`)
    const ended: Job = await tenant.finished(id)
    t.equal(ended.outcome, 'cancelled', 'the job that held was there until it was cancelled')
  }
}
