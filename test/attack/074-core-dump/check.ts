// Row 74, on the host's side: after jobs that crash there is no core of theirs anywhere.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { accountOf, asRoot, instance, servicePid, type Tenant } from '../../stack.js'

/** Put together at run time, so that no source, request or log holds it: only a memory image does. */
const marker = ['stockade', 'core', 'of', 'a', 'job'].join('#')
const source = `#include <stdlib.h>
#include <string.h>
int main(void) {
  const char *parts[] = {"stockade", "core", "of", "a", "job"};
  char *text = calloc(1, 4096);
  for (int round = 0; round < 5; round++) { strcat(text, parts[round]); if (round < 4) strcat(text, "#"); }
  *(volatile char *)1 = text[0];
}`

/** Files written since that hold it: where cores go on a host, by habit and by what the services have as their directory. */
function coresSince(stamp: string, folder: string): string {
  const places = '/var/crash /var/lib/systemd/coredump /var/lib/apport /var/tmp /tmp /root'
  const ours = (['launcher', 'worker', 'api'] as const).map(
    (name) => `/proc/${servicePid(name)}/cwd/`,
  )
  const find = `places=$(ls -d ${places} 2> /dev/null)
    { find "$2" $places /run/${instance} /var/lib/${instance}/work -xdev -type f -newer "$1" -size +3k
      find / ${ours.join(' ')} -maxdepth 1 -type f -newer "$1"; } 2> /dev/null | sort -u | xargs -r grep -lsF -e "$3"`
  return asRoot(['sh', '-c', `${find} || true`, 'sh', stamp, folder, marker]).trim()
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stockade-core-'))
  try {
    const stamp = join(folder, 'stamp')
    asRoot(['touch', stamp])
    for (const uid of [1000, 0]) {
      const job = await tenant.run({ language: 'c', source, user: { uid, gid: uid } })
      t.equal(job.outcome, 'signalled', accountOf(job))
      t.equal(job.signal, 'SIGSEGV')
    }
    t.equal(coresSince(stamp, folder), '', 'no core of a job on the host')
    const build =
      'cd "$1" && gcc -x c - -o crash && ulimit -c unlimited && (./crash || true) 2> /dev/null; cat /proc/sys/kernel/core_pattern'
    const pattern = asRoot(['sh', '-c', build, 'sh', folder], source).trim()
    const control = coresSince(stamp, folder)
    if (/^[|/@]/.test(pattern))
      t.pass('control', {
        skip: `not testable on this host: core_pattern is ${pattern}, cores go elsewhere`,
      })
    else t.not(control, '', 'control: outside the same program leaves one')
  } finally {
    asRoot(['rm', '-rf', folder])
    rmSync(folder, { recursive: true, force: true })
  }
}
