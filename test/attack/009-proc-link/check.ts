// Row 9, CVE-2023-27561 and CVE-2023-28642: an image whose /proc is a link, so that masks and labels go elsewhere; the same for the
// workspace, which we make and write into.
import type { Test } from 'tap'
import { accountOf, type Tenant } from '../../stack.js'
import { canaryText, nextAreNormal, on, refusedAt, withEvilImages } from '../evil-image.js'
import { inOwnMounts } from '../own-mounts.js'

const atMountPoint = [
  { name: 'proc-to-host', script: 'rm -rf proc && ln -s "$CANARY" proc' },
  { name: 'proc-to-inside', script: 'rm -rf proc && mkdir -p srv/proc && ln -s srv/proc proc' },
  { name: 'proc-a-file', script: 'rm -rf proc && : > proc' },
]
const atWorkspace = [
  { name: 'work-to-host', script: 'rm -rf work && ln -s "$CANARY" work' },
  { name: 'work-to-etc', script: 'rm -rf work && ln -s etc work' },
  { name: 'work-a-file', script: 'rm -rf work && : > work' },
]
/** /sys is not mounted by us: a link there is the image's own affair, and leads to nothing of the host. */
const harmless = [{ name: 'sys-to-host', script: 'rm -rf sys && ln -s "$CANARY" sys' }]

/** A naive mount on the image's /proc, in a mount namespace that is thrown away. */
const naive = (root: string, canary: string): string =>
  inOwnMounts(
    'mount -t tmpfs none "$1/proc" && stat -f -c %T "$2" && ls "$2" | wc -l',
    root,
    canary,
  )

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const images = [...atMountPoint, ...atWorkspace, ...harmless]
  await withEvilImages(tenant, images, async ({ canary, canaryState, rootOf }) => {
    t.equal(
      naive(rootOf('proc-to-host'), canary),
      'tmpfs\n0\n',
      'outside: a naive mount lands on the canary',
    )
    const before = canaryState()
    for (const { name } of atMountPoint) await refusedAt(t, tenant, name, 'mount-point')
    for (const { name } of atWorkspace) await refusedAt(t, tenant, name, 'workspace')
    for (const { name } of harmless) {
      const job = await tenant.run(
        on(name, 'cat /sys/file 2>&1; ls /sys/ 2>&1; true', { user: { uid: 0, gid: 0 } }),
      )
      t.equal(job.outcome, 'ok', accountOf(job))
      t.notMatch(job.stdout, canaryText, `${name}: it leads to nothing of the host`)
    }
    t.equal(canaryState(), before, 'inside: the canary is unchanged')
  })
  await nextAreNormal(t, tenant)
}
