// Row 96: output that grows while it is read. Artifacts are not offered yet; what stands under them is that everything of a job is dead before
// anything of it is counted, and that what comes out of its streams is bounded whoever writes.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'

const grows = `
ln /bin/cat out 2> /dev/null || cp /bin/cat out
ln -s /usr/bin/python3 linked
(while :; do head -c 4096 /dev/zero >> growing; echo again; done) < /dev/null &
(setsid sh -c 'while :; do echo stray; done' &)
while [ ! -s growing ]; do :; done
exit 0`

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const limits = { outputBytes: 50_000, diskBytes: 16_777_216 }
  for (const uid of [1000, 0]) {
    const job = await tenant.run({
      language: 'bash',
      source: grows,
      limits,
      user: { uid, gid: uid },
    })
    t.match(job.outcome, /^(ok|output-limit)$/, `uid ${uid}: ${accountOf(job).slice(0, 300)}`)
    t.ok(outputOf(job).length <= 50_000, `${outputOf(job).length} bytes of output`)
    t.equal(
      job.usage?.outputBytes,
      outputOf(job).length + outputOf(job, 'stderr').length,
      'as many as are counted',
    )
    t.ok(
      (job.usage?.diskBytes ?? Number.POSITIVE_INFINITY) <= 16_777_216,
      `${job.usage?.diskBytes} bytes on disk`,
    )
    const again = await tenant.request('GET', `/v1/jobs/${job.id}`)
    t.equal(
      (again.json as { stdout: string }).stdout,
      job.stdout,
      'and nothing comes after the end',
    )
  }
  const held = await tenant.run({ language: 'bash', source: 'while :; do echo x; done', limits })
  t.equal(
    held.outcome,
    'output-limit',
    `control: it could go on for ever; ${accountOf(held).slice(0, 200)}`,
  )
  const { status } = await tenant.request('GET', `/v1/jobs/${held.id}/artifacts/growing`)
  t.equal(status, 404)
  t.pass('a copy of a file that grows', {
    skip: 'left out until there are artifacts: the path answers 404 (asserted above)',
  })
}
