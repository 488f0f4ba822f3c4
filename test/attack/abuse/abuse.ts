// Abuse of resources: each program as a real job, with the outcome and the cause that it must have; beside it a modest form of the same
// program that ends well, so that the outcome is the limit's doing; and afterwards a host that is as before and a next job that is normal.
import t, { type Test } from 'tap'
import type { JobSpec } from '../../../contract/job.js'
import type { Outcome } from '../../../contract/outcome.js'
import type { Job } from '../../../contract/result.js'
import { type Left, left, poolWaits, settled } from '../../host-left.js'
import { accountOf, openTenant, patience, type Tenant } from '../../stack.js'

export type Abuse = {
  readonly name: string
  readonly spec: JobSpec
  /** More than one where two limits race, and either is true. */
  readonly outcome: Outcome | readonly Outcome[]
  /** The limit that the cause must name. */
  readonly limit?: string
  readonly exitCode?: number
  readonly stdout?: RegExp
  readonly failedStep?: string
}

export const mebibyte = 1_048_576
export const python = (source: string, limits: JobSpec['limits'] = {}): JobSpec => ({
  language: 'python',
  source,
  limits,
})
export const bash = (source: string, limits: JobSpec['limits'] = {}): JobSpec => ({
  language: 'bash',
  source,
  limits,
})
const headers = [
  'errno.h',
  'fcntl.h',
  'pthread.h',
  'signal.h',
  'stdio.h',
  'stdlib.h',
  'string.h',
  'sys/mman.h',
  'sys/prctl.h',
  'sys/socket.h',
  'sys/stat.h',
  'sys/time.h',
  'sys/wait.h',
  'time.h',
  'unistd.h',
]
/** A C program from the body of its main. */
export const c = (body: string, limits: JobSpec['limits'] = {}, before = ''): JobSpec => ({
  language: 'c',
  source: `#define _GNU_SOURCE\n${headers.map((name) => `#include <${name}>\n`).join('')}${before}
int main(int count, char **words) { (void)count; (void)words;\n${body}\n}\n`,
  limits,
})

export function judge(t: Test, row: Abuse, job: Job): void {
  const outcomes: readonly Outcome[] = typeof row.outcome === 'string' ? [row.outcome] : row.outcome
  const account = accountOf(job)
  t.ok(
    job.outcome !== null && outcomes.includes(job.outcome),
    `${outcomes.join(' or ')}: ${account}`,
  )
  t.equal(job.attempts, 1, 'the program’s fault is never tried again')
  if (job.outcome !== 'ok') t.ok((job.cause?.message ?? '').length > 0, 'there is a cause')
  if (row.limit !== undefined) {
    t.equal(job.cause?.limit, row.limit, 'the cause names the limit')
    t.ok(
      (job.cause?.reached ?? -1) >= (job.cause?.limitValue ?? Number.POSITIVE_INFINITY) * 0.98,
      `what was reached: ${job.cause?.reached} of ${job.cause?.limitValue}`,
    )
  }
  if (row.exitCode !== undefined) t.equal(job.exitCode, row.exitCode, `exit code; ${account}`)
  if (row.stdout !== undefined) t.match(job.stdout, row.stdout, 'standard output')
  if (row.failedStep !== undefined) t.equal(job.failedStep, row.failedStep)
}

/** After abuse: nothing more than before is there, and as many normal jobs as use every slot are normal. */
export function judgeAfterwards(tenant: Tenant, before: () => Left): void {
  t.test('the next jobs are normal, and the host is as before', async (t) => {
    const jobs = await Promise.all(
      Array.from({ length: 8 }, () => tenant.run(bash('echo normal; ls -A /tmp /dev/shm'))),
    )
    for (const job of jobs) {
      t.equal(job.outcome, 'ok', accountOf(job))
      t.equal(job.stdout, 'normal\n/dev/shm:\n\n/tmp:\n')
    }
    t.pass(JSON.stringify(await settled(before())))
  })
}

/** The same with more time where everything takes longer; a time that is to be used up stays what it is. */
function patient(row: Abuse): JobSpec {
  const { limits = {} } = row.spec
  const longer = (name: 'wallMs' | 'cpuMs'): JobSpec['limits'] => {
    const value = limits[name]
    return value === undefined || row.limit === name ? {} : { [name]: value * patience }
  }
  return { ...row.spec, limits: { ...limits, ...longer('wallMs'), ...longer('cpuMs') } }
}

/** One file's abuse: its rows, then what is left. */
export function abuse(tenantName: string, rows: readonly Abuse[]): void {
  const tenant = openTenant(`abuse-${tenantName}`)
  let before: Left = {}
  t.test('before', async (t) => {
    await Promise.all(Array.from({ length: 4 }, () => tenant.run(bash('true'))))
    await poolWaits()
    before = left()
    t.pass(JSON.stringify(before))
  })
  for (const row of rows)
    t.test(row.name, async (t) => judge(t, row, await tenant.run(patient(row))))
  judgeAfterwards(tenant, () => before)
}
