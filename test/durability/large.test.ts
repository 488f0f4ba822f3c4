// Many large things at once, on the real stack with its usual heap: nobody's process ends, every byte is exact, and the jobs of others
// that ran at the same time do not notice.
import { createHash, type Hash } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import {
  accountOf,
  address,
  asRoot,
  instance,
  openTenant,
  outputOf,
  servicePid,
  type Tenant,
  tenantOf,
} from '../stack.js'
import { repository } from '../tidy-source.js'

const megabyte = 1_000_000
const sha256 = (): Hash => createHash('sha256')
const bash = (source: string, outputBytes: number): JobSpec => ({
  language: 'bash',
  source,
  limits: { outputBytes, wallMs: 60_000, cpuMs: 60_000 },
})

/** A tenant whose grant allows 64 MiB of output. */
function openPlatformTenant(name: string): Tenant {
  const words = ['key', 'create', '--tenant', name, '--grant', 'platform', '--instance', instance]
  return tenantOf(name, asRoot([join(repository, 'stockade'), ...words]).trim())
}

/** Sends a large body as a careful client does: what is refused because too much is under way is sent again. */
async function submitLarge(tenant: Tenant, spec: JobSpec): Promise<Job> {
  const body = JSON.stringify(spec)
  for (;;) {
    const answer = await tenant.request('POST', '/v1/jobs', body).catch(() => null)
    // The connection is closed while we still send, when there is no room: the same as the answer.
    if (answer === null || answer.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      continue
    }
    if (answer.status !== 202) throw new Error(`${answer.status}: ${answer.text}`)
    return answer.json as Job
  }
}

/** Resolves at the end of a job, and reads none of its output. */
async function ended(tenant: Tenant, jobId: string): Promise<void> {
  for await (const event of tenant.events(jobId)) if (event.name === 'result') return
}

/** Digest and length of the raw bytes, read as they come. */
async function rawOutput(
  tenant: Tenant,
  jobId: string,
): Promise<{ digest: string; bytes: number }> {
  const response = await fetch(`http://${address}/v1/jobs/${jobId}/output/run/stdout`, {
    headers: { authorization: `Bearer ${tenant.key}` },
  })
  if (response.status !== 200 || response.body === null)
    throw new Error(`${response.status}: ${await response.text()}`)
  const hash = sha256()
  let bytes = 0
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    hash.update(piece)
    bytes += piece.length
  }
  return { digest: hash.digest('hex'), bytes }
}

/** Small jobs of another tenant, one after the other, until told to stop; returns them. */
function startBystander(tenant: Tenant): () => Promise<Job[]> {
  let isOver = false
  const work = async (): Promise<Job[]> => {
    const jobs: Job[] = []
    while (!isOver || jobs.length < 5) jobs.push(await tenant.run(bash('echo fine', 1000)))
    return jobs
  }
  const running = work()
  return () => {
    isOver = true
    return running
  }
}

/** Runs `work` beside small jobs of another tenant, and expects of both that nothing happened to the processes. */
async function undisturbed(t: Test, work: () => Promise<void>): Promise<void> {
  const pids = (['worker', 'api', 'redis'] as const).map(servicePid)
  const bystander = openTenant('large-bystander')
  const stop = startBystander(bystander)
  await work().finally(stop)
  const wrong = (await stop()).filter(
    ({ outcome, attempts, stdout }) => outcome !== 'ok' || attempts !== 1 || stdout !== 'fine\n',
  )
  t.same(wrong.map(accountOf), [], 'the other tenant’s jobs ended well at their first attempt')
  t.same((['worker', 'api', 'redis'] as const).map(servicePid), pids, 'the same processes')
}

// Reckoned before anything is under way: a process that reckons for seconds keeps its own connections waiting.
const length = 64 * megabyte
const sources = Array.from({ length: 8 }, (_, at) =>
  at % 2 === 0 ? `yes 'job ${at} says' | head -c ${length}` : `head -c ${length} /dev/zero`,
)
const digests = sources.map((_, at) => {
  const bytes = at % 2 === 0 ? Buffer.alloc(length, `job ${at} says\n`) : Buffer.alloc(length)
  return sha256().update(bytes).digest('hex')
})

const tenant = openTenant('large')

t.test('16 MB of NULs in every slot at once, three times over', async (t) => {
  const zeros = Buffer.alloc(16 * megabyte)
  const digest = sha256().update(zeros).digest('hex')
  await undisturbed(t, async () => {
    const ids: string[] = []
    for (let at = 0; at < 12; at++) {
      const spec = bash('head -c 16000000 /dev/zero', 16 * 1024 * 1024)
      ids.push((await tenant.submit(spec)).id)
    }
    const ends = ids.map(async (id) => {
      const job = await tenant.finished(id)
      t.match(
        job,
        { outcome: 'ok', attempts: 1, encoding: { stdout: 'base64' } },
        accountOf(job).slice(0, 200),
      )
      t.ok(outputOf(job).equals(zeros))
      t.ok(job.steps[0]?.stdout === job.stdout)
      t.same(await rawOutput(tenant, id), { digest, bytes: zeros.length })
    })
    await Promise.all(ends)
  })
})

t.test('text stays text, whole, with every escape', async (t) => {
  await undisturbed(t, async () => {
    const spec = bash(`yes '"\\ü' | head -c 10000000`, 16 * 1024 * 1024)
    const job = await tenant.run(spec)
    t.match(job, { outcome: 'ok', attempts: 1, encoding: { stdout: 'utf8' } })
    t.ok(
      outputOf(job).equals(Buffer.from('"\\ü\n'.repeat(2_000_000))),
      accountOf(job).slice(0, 300),
    )
  })
})

t.test('64 MB of output in every slot, under a grant that allows it', async (t) => {
  const platform = openPlatformTenant('large-platform')
  await undisturbed(t, async () => {
    const runs = sources.map(async (source, at) => {
      const { id } = await platform.submit(bash(source, 64 * 1024 * 1024))
      await ended(platform, id)
      t.same(await rawOutput(platform, id), { digest: digests[at], bytes: length }, source)
      return id
    })
    const [first = ''] = await Promise.all(runs)
    const job = await platform.finished(first)
    t.match(job, { outcome: 'ok', attempts: 1, encoding: { stdout: 'utf8' } })
    t.equal(sha256().update(outputOf(job)).digest('hex'), digests[0])
  })
})

t.test('several sources of more than 10 MiB at once', async (t) => {
  const pad = `#${'x'.repeat(1023)}`
  await undisturbed(t, async () => {
    const ends = Array.from({ length: 8 }, async (_, at) => {
      // One character above 255 makes a text take two bytes a character while it is held.
      const source = `echo source ${at}\n${at % 2 === 0 ? '# 日本\n' : ''}${`${pad}\n`.repeat(12_000)}`
      const { id } = await submitLarge(tenant, { language: 'bash', source })
      t.match(await tenant.finished(id), { outcome: 'ok', attempts: 1, stdout: `source ${at}\n` })
    })
    await Promise.all(ends)
  })
})

t.test('bodies near the largest, many at once', async (t) => {
  const platform = openPlatformTenant('large-bodies')
  const content = `日${'y'.repeat(15 * megabyte)}`
  const digest = sha256().update(content).digest('hex')
  await undisturbed(t, async () => {
    const ends = Array.from({ length: 3 }, async () => {
      const { id } = await submitLarge(platform, {
        language: 'bash',
        source: 'sha256sum a b c; sha256sum',
        files: ['a', 'b', 'c'].map((path) => ({ path, content })),
        stdin: content,
      })
      const job = await platform.finished(id)
      const lines = ['a', 'b', 'c', '-'].map((name) => `${digest}  ${name}\n`).join('')
      t.match(job, { outcome: 'ok', attempts: 1, stdout: lines }, accountOf(job).slice(0, 500))
    })
    await Promise.all(ends)
  })
})
