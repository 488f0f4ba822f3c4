// Row 11, CVE-2024-45310: an empty file or directory that the runtime creates on the host, by way of a folder shared between jobs.
// No folder is shared, and nothing is created for a job outside of its own root: its dangling links stay dangling.
import type { Test } from 'tap'
import { accountOf, type Tenant } from '../../stack.js'
import { plantLinks } from '../canary.js'

const script = `
for name in new out/new mount cache stdout; do mkdir -p "$(dirname $name)"; ln -sfn "$CANARY/made-by-job" $name; done
for round in $(seq 25); do rm -f mount; ln -s "$CANARY/made-by-job" mount; rm -f mount; mkdir -p mount && rmdir mount; done
ln -s "$CANARY/made-by-job" mount`

const placed = { path: 'cache/file', content: 'x' }

export async function check(t: Test, tenant: Tenant): Promise<void> {
  for (const uid of [1000, 0]) {
    const job = await plantLinks(t, tenant, {
      script,
      naive: 'mkdir -p mount; touch new',
      spec: { user: { uid, gid: uid } },
    })
    t.equal(job.outcome, 'ok', `uid ${uid}: ${accountOf(job)}`)
  }
  // What would have to be created first: a working directory that is not there, and a place to mount.
  const absent = await tenant.request('POST', '/v1/jobs?wait=30', {
    image: 'default',
    command: ['/bin/true'],
    workdir: '/work/absent/directory',
    files: [placed],
  })
  t.not(
    (absent.json as { outcome?: string }).outcome,
    'ok',
    'a directory that is not there is not made',
  )
  for (const type of ['volume', 'tmpfs', 'bind']) {
    const mounts = [{ type, source: 'common', target: '/work/common' }]
    const answer = await tenant.request('POST', '/v1/jobs', {
      language: 'bash',
      source: 'true',
      mounts,
    })
    t.equal(answer.status, 403, `no shared folder of the kind ${type}`)
  }
}
