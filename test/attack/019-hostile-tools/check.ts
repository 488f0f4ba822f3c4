// Row 19, CVE-2026-41567: the service runs `xz`, `gzip` or `tar` by name and finds the job's. Ours runs no tool at all for a job.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'
import { plantLinks } from '../canary.js'

const tools =
  'xz gzip gunzip zcat unpigz pigz bzip2 zstd unzstd tar cpio getent newuidmap mount fusermount'

/** On the host into the folder alone; in the job, which starts in /work, also where every PATH looks, as far as it may. */
const script = `
for tool in ${tools}; do
  printf '#!/bin/sh\\n: > "%s/made-by-%s"\\n' "$CANARY" $tool > $tool && chmod 755 $tool
  if [ "$PWD" = /work ]; then for folder in /usr/local/bin /usr/bin /bin /usr/sbin /sbin; do cp $tool $folder/$tool 2> /dev/null; done; fi
done
echo planted`

export async function check(t: Test, tenant: Tenant): Promise<void> {
  for (const uid of [1000, 0]) {
    const job = await plantLinks(t, tenant, {
      script,
      naive: 'PATH="$PWD:$PATH"; tar -czf /dev/null main.sh',
      spec: { user: { uid, gid: uid } },
    })
    t.equal(outputOf(job).toString(), 'planted\n', `uid ${uid}: ${accountOf(job)}`)
  }
  // As files of the request, with the job's own PATH before all others: the next steps are the service's.
  const files = tools
    .split(' ')
    .map((path) => ({ path, content: '#!/bin/sh\necho ran by name\n', mode: 0o755 }))
  const job = await tenant.run({
    language: 'c',
    source: 'int main(void) { return 0; }',
    files,
    env: { PATH: '/work:/usr/bin:/bin' },
  })
  t.equal(job.outcome, 'ok', accountOf(job))
  t.notMatch(
    JSON.stringify(job),
    /ran by name/,
    'neither the compile step nor the collection ran one',
  )
  const own = await tenant.run({
    language: 'bash',
    source: 'gzip',
    files,
    env: { PATH: '/work:/usr/bin:/bin' },
  })
  t.equal(
    outputOf(own).toString(),
    'ran by name\n',
    'control: the job itself finds its own by name',
  )
}
