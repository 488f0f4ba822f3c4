// Row 31, CVE-2024-23651: a cache that two jobs have mounted at one time. What jobs share is the image, read-only below an upper layer
// of each one's own: what root changes in one is never seen in another, while it runs or afterwards.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'
import { beside } from '../beside.js'

const root = { uid: 0, gid: 0 }
const look =
  'sha256sum /usr/bin/env /etc/debian_version /etc/passwd; ls -la /usr/share/race /var/cache 2>&1; ls -A /tmp /var/tmp /work'

const race = `
change() { echo changed >> /usr/bin/env; echo changed > /etc/debian_version; echo changed >> /etc/passwd; : > /usr/share/race; : > /var/cache/race; : > /tmp/race; }
change || exit 1
sha256sum /usr/bin/env
echo ready
while :; do rm -f /usr/share/race; ln -s /etc /usr/share/race; rm -f /usr/share/race; change; done`

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const seen = async (): Promise<string> => {
    const job = await tenant.run({ language: 'bash', source: look, user: root })
    t.equal(job.outcome, 'ok', accountOf(job))
    return outputOf(job).toString()
  }
  const before = await seen()
  await beside(t, tenant, { language: 'bash', source: race, user: root }, async (jobId) => {
    const held = (await tenant.request('GET', `/v1/jobs/${jobId}`)).json as { state: string }
    t.equal(held.state, 'running')
    for (let round = 0; round < 3; round++)
      t.equal(await seen(), before, 'beside it another job sees the image as it was')
  })
  t.equal(await seen(), before, 'and so does one afterwards')
  const changed = await tenant.run({
    language: 'bash',
    source: `echo changed > /etc/debian_version; : > /usr/share/race; ${look}`,
    user: root,
  })
  t.not(outputOf(changed).toString(), before, 'control: in the job itself the change is seen')
  for (const source of ['cache', 'npm-cache', 'ccache']) {
    const mounts = [{ type: 'volume', source, target: '/work/cache' }]
    const answer = await tenant.request('POST', '/v1/jobs', {
      language: 'bash',
      source: 'true',
      mounts,
    })
    t.equal(answer.status, 403, `no shared volume ${source}`)
  }
}
