// Row 16, CVE-2024-0132, CVE-2025-23266: a helper that runs with the job's environment loads the job's library. Ours exists only in
// the program itself: neither the launcher, nor process 1 inside, nor a service has it or maps it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { servicePid, type Tenant } from '../../stack.js'
import { beside } from '../beside.js'
import { isOurs, processesWith } from '../host-process.js'

const library = 'evil-preload.so'
const marker = 'stockade-probe-environment'

function compiled(): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-library-'))
  try {
    const output = join(directory, library)
    execFileSync('gcc', ['-shared', '-fPIC', '-x', 'c', '-o', output, '-'], {
      input: 'int stockade_probe_preloaded = 1;',
    })
    return readFileSync(output)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const environment = {
  LD_PRELOAD: `/work/${library}`,
  LD_AUDIT: `/work/${library}`,
  LD_LIBRARY_PATH: '/work',
  GCONV_PATH: '/work',
  NODE_OPTIONS: '--require=/work/evil.js',
  BASH_ENV: '/work/evil.sh',
  ENV: '/work/evil.sh',
  PYTHONPATH: '/work',
  PERL5OPT: '-M/work/evil',
  STOCKADE_MARKER: marker,
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const contentBase64 = compiled().toString('base64')
  for (const uid of [1000, 0]) {
    const holder = {
      language: 'bash',
      source: 'echo ready; sleep 60; true',
      files: [{ path: library, contentBase64, mode: 0o755 }],
      env: environment,
      user: { uid, gid: uid },
    }
    await beside(t, tenant, holder, async () => {
      const mapped = processesWith('maps', library)
      t.ok(
        mapped.length > 0,
        `uid ${uid}: control: the job’s own programs load it: ${JSON.stringify(mapped)}`,
      )
      t.same(mapped.filter(isOurs), [], `uid ${uid}: no program of ours maps it`)
      const holding = processesWith('environ', marker)
      t.ok(holding.length > 0, `uid ${uid}: control: the job’s own programs have the variables`)
      t.same(holding.filter(isOurs), [], `uid ${uid}: no program of ours has them`)
      const services = (['api', 'worker', 'launcher', 'redis'] as const).map(servicePid)
      const pids = [...mapped, ...holding].map(({ pid }) => pid)
      t.same(
        services.filter((pid) => pids.includes(pid)),
        [],
        `uid ${uid}: no service does`,
      )
    })
  }
}
