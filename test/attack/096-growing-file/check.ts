// Row 96: output that grows while it is read. Everything of a job is dead before anything of it is counted or collected, and what comes out of
// its streams is bounded whoever writes.
import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { accountOf, address, openTenant, outputOf, type Tenant } from '../../stack.js'

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
  await checkArtifact(t)
}

/** The program ends while others of the job still write the file that is kept. */
const growsOn = `
(while :; do head -c 4096 /dev/zero >> growing; done) < /dev/null > /dev/null &
(setsid sh -c 'while :; do head -c 4096 /dev/zero >> growing; done' > /dev/null 2>&1 &)
while [ ! -s growing ]; do :; done
before=$(stat -c %s growing)
while [ "$(stat -c %s growing)" = "$before" ]; do :; done
echo it grows`

async function checkArtifact(t: Test): Promise<void> {
  const owner = openTenant('attack-artifacts', 'ci')
  for (const uid of [1000, 0]) {
    const job = await owner.run({
      ...{ language: 'bash', source: growsOn, user: { uid, gid: uid } },
      ...{ limits: { diskBytes: 67_108_864 }, artifacts: [{ path: 'growing' }] },
    })
    t.equal(job.stdout, 'it grows\n', `control, uid ${uid}: ${accountOf(job).slice(0, 300)}`)
    const [file] = job.artifacts?.files ?? []
    for (const reading of ['once', 'and once more']) {
      const response = await fetch(`http://${address}/v1/jobs/${job.id}/artifacts/growing`, {
        headers: { authorization: `Bearer ${owner.key}` },
      })
      const bytes = Buffer.from(await response.arrayBuffer())
      const digest = createHash('sha256').update(bytes).digest('hex')
      t.same({ bytes: bytes.length, digest }, { bytes: file?.bytes, digest: file?.digest }, reading)
      t.ok(bytes.length > 0 && bytes.length <= 67_108_864, `${bytes.length} bytes`)
    }
  }
}
