// Row 2, through the door: a working directory by a descriptor that the runtime might have left open.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const spec = { language: 'bash', source: 'pwd -P; ls -a ..; cat /etc/hostname' }
  for (const descriptor of [3, 7, 8, 9, 30]) {
    const workdir = `/proc/self/fd/${descriptor}`
    const answer = await tenant.request('POST', '/v1/jobs?wait=30', { ...spec, workdir })
    t.equal(answer.status, 403, `${workdir} is denied`)
    t.match(answer.text, /"pointer":"\/workdir"/, `${workdir}: with a pointer`)
  }
  const job = await tenant.run({ image: 'default', command: ['/bin/pwd'], workdir: '/tmp' })
  t.equal(outputOf(job).toString(), '/tmp\n', `control: a plain directory works; ${accountOf(job)}`)
}
