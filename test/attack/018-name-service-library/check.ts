// Row 18, CVE-2019-14271: a helper inside the job's root looks a name up and so loads the job's libnss. Ours looks up no names:
// ids are numbers, and the launcher's programs load nothing after their start.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Tenant, tryAsRoot } from '../../stack.js'
import { beside } from '../beside.js'
import { isOurs, processesWith } from '../host-process.js'

const library = 'libnss_probe.so.2'

/** Says so and stays when it is loaded. */
const text = `#include <unistd.h>
__attribute__((constructor)) static void loaded(void) { if (write(1, "ready\\n", 6) == 6) for (;;) pause(); }`

/** What a job does to be found by whoever looks a name up; as root it replaces the libraries that are always asked. */
const source = `
chmod 755 ${library}
if [ "$(id -u)" = 0 ]; then
  sed -i -E 's/^(passwd|group|shadow|hosts):.*/\\1: probe files/' /etc/nsswitch.conf || echo 'passwd: probe files' > /etc/nsswitch.conf
  for folder in /lib/*-linux-gnu /usr/lib/*-linux-gnu; do
    for name in probe files compat dns; do cp ${library} $folder/libnss_$name.so.2; done
  done
  getent passwd nobody-at-all
else
  LD_LIBRARY_PATH=/work getent -s probe passwd nobody-at-all
fi`

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-library-'))
  try {
    const output = join(directory, library)
    execFileSync('gcc', ['-shared', '-fPIC', '-x', 'c', '-o', output, '-'], { input: text })
    const naive = tryAsRoot([
      'env',
      `LD_LIBRARY_PATH=${directory}`,
      'timeout',
      '2',
      'getent',
      '-s',
      'probe',
      'passwd',
      'nobody-at-all',
    ])
    t.equal(naive.stdout, 'ready\n', 'outside: a naive look-up loads it')
    for (const uid of [1000, 0]) {
      const files = [{ path: library, contentBase64: readFileSync(output).toString('base64') }]
      const holder = { language: 'bash', source, files, user: { uid, gid: uid } }
      await beside(t, tenant, holder, async () => {
        const mapped = processesWith('maps', 'libnss_')
        const theirs = mapped.filter(({ program }) => program.endsWith('/getent'))
        t.ok(theirs.length > 0, `uid ${uid}: control: a program of the job loads it`)
        t.same(
          processesWith('maps', library).filter(isOurs),
          [],
          `uid ${uid}: no program of ours does`,
        )
      })
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
