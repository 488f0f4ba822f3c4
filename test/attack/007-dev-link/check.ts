// Row 7, CVE-2026-41579 and CVE-2026-47766: an image whose /dev is a link, so that whoever fills /dev writes where it leads.
import type { Test } from 'tap'
import { asRoot, type Tenant } from '../../stack.js'
import { nextAreNormal, refusedAt, withEvilImages } from '../evil-image.js'

const images = [
  { name: 'dev-to-host', script: 'rm -rf dev && ln -s "$CANARY" dev' },
  { name: 'dev-to-inside', script: 'rm -rf dev && mkdir -p srv/dev && ln -s srv/dev dev' },
  { name: 'dev-upwards', script: 'rm -rf dev && ln -s "../../../../../../../../$CANARY" dev' },
  { name: 'dev-to-root', script: 'rm -rf dev && ln -s / dev' },
  { name: 'dev-to-nothing', script: 'rm -rf dev && ln -s /nonexistent/dev dev' },
  { name: 'dev-to-itself', script: 'rm -rf dev && ln -s dev dev' },
  { name: 'dev-a-file', script: 'rm -rf dev && : > dev' },
  { name: 'tmp-to-host', script: 'rm -rf tmp && ln -s "$CANARY" tmp' },
]

export async function check(t: Test, tenant: Tenant): Promise<void> {
  await withEvilImages(tenant, images, async ({ canaryState, rootOf }) => {
    const untouched = canaryState()
    asRoot(['touch', `${rootOf('dev-to-host')}/dev/full`])
    t.not(canaryState(), untouched, 'outside: a naive hand makes its devices in the canary')
    const before = canaryState()
    for (const { name } of images) await refusedAt(t, tenant, name, 'mount-point')
    t.equal(canaryState(), before, 'inside: the canary is unchanged')
  })
  await nextAreNormal(t, tenant)
}
