// Row 8, CVE-2021-30465: a mount's place is swapped for a link between the check and the mount. Jobs share no workspace, and each
// sandbox's mounts are made in a mount namespace of its own before its job has a process: a swapper can only race against itself.
import type { Test } from 'tap'
import { accountOf, asRoot, outputOf, type Tenant } from '../../stack.js'
import { canaryText, on, withEvilImages } from '../evil-image.js'
import { inOwnMounts } from '../own-mounts.js'

/** Flips a directory and a link on every place where something is mounted or written, ten thousand times. */
const swapper = `
import os, sys
canary = os.environ['CANARY']
places = ['/tmp/place', '/work/place', '/dev/shm/place', '/var/tmp/place']
tops = ['/proc', '/dev', '/tmp', '/work', '/sys']
flips = 0
refused = 0
print('begun', flush=True)
for number in range(10000):
    place = places[number % len(places)]
    try:
        os.mkdir(place); os.rmdir(place); os.symlink(canary, place); os.unlink(place)
        flips += 1
    except OSError:
        pass
    top = tops[number % len(tops)]
    try:
        os.rename(top, top + '-away'); os.symlink(canary, top); os.unlink(top); os.rename(top + '-away', top)
    except OSError:
        refused += 1
print('flips', flips > 9000, 'mount points refused', refused >= 4000)`

/** Check, swap, mount: what a runtime does that looks a place up twice. In a mount namespace that is thrown away. */
const naive = (root: string, canary: string): string =>
  inOwnMounts(
    `mkdir "$1/place" && [ -d "$1/place" ] && [ ! -L "$1/place" ] && rmdir "$1/place" && ln -s "$2" "$1/place"
     mount -t tmpfs none "$1/place" && ls "$2" | wc -l; rm -f "$1/place"`,
    root,
    canary,
  )

/** Mounts of the host, but for those of slots, which come and go with nothing but their number. */
const mounts = (): string => asRoot(['sh', '-c', "cut -d' ' -f 4- /proc/self/mountinfo | sort"])

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const images = [{ name: 'race', script: 'mkdir -p srv/place-of-mounts' }]
  await withEvilImages(tenant, images, async ({ canary, canaryState, rootOf }) => {
    t.equal(
      naive(rootOf('race'), canary),
      '0\n',
      'outside: a mount after a swap lands on the canary',
    )
    const before = [mounts(), canaryState()]
    const racer = await tenant.submit({
      language: 'python',
      source: swapper,
      env: { CANARY: canary },
      user: { uid: 0, gid: 0 },
      limits: { wallMs: 60_000, cpuMs: 60_000 },
    })
    for await (const { name } of tenant.events(racer.id)) if (name === 'stdout') break
    const started: string[] = []
    for (let round = 0; round < 12; round++) {
      const job = await tenant.run(
        on('race', 'cat /tmp/place/file /work/place/file 2> /dev/null; ls -A /work /tmp; echo end'),
      )
      started.push(outputOf(job).toString())
      t.equal(job.outcome, 'ok', accountOf(job))
    }
    const raced = await tenant.finished(racer.id)
    t.equal(raced.stdout, 'begun\nflips True mount points refused True\n', accountOf(raced))
    t.notMatch(started.join(''), canaryText, 'no sandbox started meanwhile shows the canary')
    t.equal(new Set(started).size, 1, 'and each found the same fresh places')
    t.same([mounts(), canaryState()], before, 'no mount outside, and the canary is unchanged')
  })
}
