// Row 5, CVE-2025-52565: an image that has links where a console or terminals are mounted.
import type { Test } from 'tap'
import { accountOf, asRoot, outputOf, type Tenant } from '../../stack.js'
import { canaryText, nextAreNormal, on, withEvilImages } from '../evil-image.js'

const links =
  'rm -rf dev && mkdir -p dev/pts && for name in pts/0 pts/ptmx console tty ptmx shm full'
const images = [
  { name: 'terminal-to-file', script: `${links}; do ln -s "$CANARY/file" dev/$name; done` },
  { name: 'terminals-to-host', script: 'rm -rf dev && mkdir dev && ln -s "$CANARY" dev/pts' },
]

const script = `
cat /dev/pts/0 /dev/console /dev/tty /dev/pts/file 2> /dev/null | head -c 100
stat -f -c %T /dev/pts /dev/shm
find /dev -xdev -type l -printf '%p %l\\n' | sort
[ -e /dev/console ] || echo no console`
const wanted = `devpts
tmpfs
/dev/fd /proc/self/fd
/dev/ptmx pts/ptmx
/dev/stderr /proc/self/fd/2
/dev/stdin /proc/self/fd/0
/dev/stdout /proc/self/fd/1
no console
`

export async function check(t: Test, tenant: Tenant): Promise<void> {
  await withEvilImages(tenant, images, async ({ canaryState, rootOf }) => {
    const before = canaryState()
    t.equal(
      asRoot(['cat', `${rootOf('terminal-to-file')}/dev/pts/0`]),
      canaryText,
      'outside: whoever opens the terminal opens the canary',
    )
    for (const { name } of images)
      for (const uid of [1000, 0]) {
        const job = await tenant.run(on(name, script, { user: { uid, gid: uid } }))
        t.equal(outputOf(job).toString(), wanted, `${name}, uid ${uid}: ${accountOf(job)}`)
      }
    t.equal(canaryState(), before, 'the canary is unchanged')
  })
  await nextAreNormal(t, tenant)
}
