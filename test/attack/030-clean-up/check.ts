// Row 30, CVE-2024-23652: what is left for the clean-up: links, a tree of 4,000 levels, a longer path than the kernel takes in one call, names of 255 bytes, directories without rights.
import type { Test } from 'tap'
import { accountOf, asRoot, instance, type Tenant } from '../../stack.js'
import { plantLinks } from '../canary.js'

const script = `
ln -s "$CANARY" folder; mkdir -p nest && ln -s "$CANARY" nest/folder
perl -e 'for (1 .. 4000) { mkdir "d" and chdir "d" or exit 3 }' || exit 3
long=$(printf 'n%.0s' $(seq 255)); touch "$long" && mkdir locked && touch locked/file && chmod 000 locked
for number in $(seq 500); do : > "file$number"; done`

const slotNames = (): string =>
  asRoot(['sh', '-c', `find /run/${instance}/slots -xdev -maxdepth 2 | sort`])

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const before = slotNames()
  for (const uid of [1000, 0]) {
    const job = await plantLinks(t, tenant, {
      script,
      naive: 'find -L folder nest -type f -delete',
      spec: { user: { uid, gid: uid } },
    })
    t.equal(job.outcome, 'ok', `uid ${uid}: ${accountOf(job)}`)
  }
  t.equal(slotNames(), before, 'nothing is left in the places of the slots')
  const next = await tenant.run({ language: 'bash', source: 'ls -A; ls -A /tmp' })
  t.equal(next.stdout, 'main.sh\n', `the next job finds a fresh root; ${accountOf(next)}`)
}
