// Row 81, on the host's side: what mounts there are while a job runs, before it and after it.
import type { Test } from 'tap'
import { asRoot, instance, servicePid, type Tenant } from '../../stack.js'
import { beside } from '../beside.js'
import { inOwnMounts } from '../own-mounts.js'

/**
 * Of the host's, and of what the api and the worker see: the root with its propagation, where the job mounts, and all that is ours. What
 * else comes and goes on a machine is none of a job's doing.
 */
const mounts = (): string =>
  asRoot([
    'sh',
    '-c',
    `for pid in 1 "$@"; do echo "$pid"; cut -d" " -f 4- "/proc/$pid/mountinfo" | grep -E '/${instance}/|^[^ ]+ (/|/mnt) ' | sort; done`,
    'sh',
    String(servicePid('api')),
    String(servicePid('worker')),
  ])

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const before = mounts()
  for (const uid of [1000, 0]) {
    const source =
      'mount -t tmpfs x /mnt 2> /dev/null; mount --make-rshared / 2> /dev/null; mount --bind / /mnt 2> /dev/null; echo ready; sleep 60'
    await beside(t, tenant, { language: 'bash', source, user: { uid, gid: uid } }, async () => {
      t.equal(mounts(), before, `uid ${uid}: while the job runs the host has no mount more`)
    })
  }
  t.equal(mounts(), before, 'and none afterwards')
  const control = inOwnMounts(
    'mount -t tmpfs stockade-control /mnt && grep -c stockade-control /proc/self/mountinfo',
  )
  t.equal(control.trim(), '1', 'control: such a mount would show')
}
