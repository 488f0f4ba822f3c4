// Row 22, CVE-2024-28189: a service that makes files its own again by path, and follows a link while it does.
import type { Test } from 'tap'
import type { Tenant } from '../../stack.js'
import { plantLinks } from '../canary.js'

const script = `
for number in $(seq 50); do ln -sf "$CANARY/file" "link$number"; done
ln -s "$CANARY" folder
mkdir -p deep/er && ln -s "$CANARY/file" deep/er/link
ln /etc/passwd hard 2> /dev/null; chmod 0666 hard 2> /dev/null; chown 1000:1000 hard 2> /dev/null; true`

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const safe = script.replace(/^ln \/etc\/passwd.*$/m, 'true')
  for (const uid of [1000, 0]) {
    const job = await plantLinks(t, tenant, {
      script: safe,
      naive: 'chown 12345:12345 link1 deep/er/link',
      spec: { source: script, user: { uid, gid: uid } },
    })
    t.equal(job.outcome, 'ok', `uid ${uid}`)
  }
}
