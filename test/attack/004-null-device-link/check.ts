// Row 4, CVE-2025-31133: an image whose /dev/null is a link. Whoever takes it as the source of a mask mounts what it leads to.
import type { Test } from 'tap'
import { accountOf, asRoot, outputOf, type Tenant } from '../../stack.js'
import { canaryText, nextAreNormal, on, withEvilImages } from '../evil-image.js'
import { inOwnMounts } from '../own-mounts.js'

const images = [
  { name: 'null-to-host', script: 'rm -rf dev && mkdir dev && ln -s "$CANARY/file" dev/null' },
  {
    name: 'null-to-proc',
    script: 'rm -rf dev && mkdir dev && ln -s /proc/sys/kernel/core_pattern dev/null',
  },
]

/** What is under the masks, and what /dev/null is. */
const script = `
stat -c '%F %t:%T' /dev/null
cat /proc/kallsyms /proc/keys /proc/timer_list /proc/sys/kernel/random/boot_id 2> /dev/null | wc -c
echo x > /dev/null && echo written`

const corePattern = (): string => asRoot(['cat', '/proc/sys/kernel/core_pattern'])

/** The naive mask, in a mount namespace that is thrown away: a bind mount of the image's own /dev/null. */
const naive = (root: string): string =>
  inOwnMounts(
    'touch "$1.mask" && mount --bind "$1/dev/null" "$1.mask" && cat "$1.mask"; rm -f "$1.mask" 2> /dev/null || true',
    root,
  )

export async function check(t: Test, tenant: Tenant): Promise<void> {
  await withEvilImages(tenant, images, async ({ canaryState, rootOf }) => {
    t.equal(
      naive(rootOf('null-to-host')),
      canaryText,
      'outside: a naive mask is made of the canary',
    )
    asRoot(['rm', '-f', `${rootOf('null-to-host')}.mask`])
    const before = [canaryState(), corePattern()]
    for (const { name } of images)
      for (const uid of [1000, 0]) {
        const job = await tenant.run(on(name, script, { user: { uid, gid: uid } }))
        const wanted = 'character special file 1:3\n0\nwritten\n'
        t.equal(outputOf(job).toString(), wanted, `${name}, uid ${uid}: ${accountOf(job)}`)
      }
    t.same([canaryState(), corePattern()], before, 'the canary and core_pattern are unchanged')
  })
  await nextAreNormal(t, tenant)
}
