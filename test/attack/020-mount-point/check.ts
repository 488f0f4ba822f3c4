// Row 20, CVE-2026-41568, CVE-2026-42306: the place of a mount, or of files copied in, swapped for a link while the runtime works
// there. Files go in before the first instruction, mounts are made before it too, and no job shares a folder with another.
import type { Test } from 'tap'
import { accountOf, asRoot, instance, outputOf, type Tenant } from '../../stack.js'
import { plantLinks } from '../canary.js'

const swap = `
mkdir -p place
swap() { rm -rf place; ln -s "$CANARY" place; rm -f place; mkdir -p place; }
for round in $(seq 40); do swap; done
rm -rf place; ln -s "$CANARY" place`

/** Mounts that every process of the host sees; a job's own tree is not among them. */
const mounts = (): string =>
  asRoot(['sh', '-c', `cut -d' ' -f 5 /proc/1/mountinfo | grep -E '${instance}|canary' | sort`])

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const before = mounts()
  const running = [1000, 0].map((uid) =>
    plantLinks(t, tenant, {
      script: swap,
      naive: 'echo x > place/file',
      spec: { user: { uid, gid: uid } },
    }),
  )
  // Beside them others start, each with files at that place and a working directory there.
  const others = [...Array(12).keys()].map((number) =>
    tenant.run({
      image: 'default',
      command: ['/bin/sh', '-c', 'pwd -P; cat file'],
      files: [{ path: 'place/file', content: `number ${number}` }],
      workdir: '/work/place',
    }),
  )
  for (const job of await Promise.all(running)) t.equal(job.outcome, 'ok', accountOf(job))
  for (const [number, job] of (await Promise.all(others)).entries())
    t.equal(outputOf(job).toString(), `/work/place\nnumber ${number}`, accountOf(job))
  t.equal(mounts(), before, 'the mounts of the host are as before')
  for (const target of ['/work/place', '/etc', '/work/../etc', '/proc/self/cwd', '/dev/shm/x']) {
    const spec = { language: 'bash', source: 'true', mounts: [{ type: 'tmpfs', target }] }
    t.equal((await tenant.request('POST', '/v1/jobs', spec)).status, 403, `no mount at ${target}`)
  }
}
