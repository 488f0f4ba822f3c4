// A file of the host that no job may reach: attacks leave links to it, and a naive service would follow them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { accountOf, asRoot, type Tenant } from '../stack.js'

/** What stands in the canary, and must never be seen in a result. */
export const secret = 'canary-of-the-host'

export type Canary = { readonly directory: string; state(): string; destroy(): void }

/** A directory of root's with one file. Its access time lies in the past, so that also a mere reading of it shows. */
export function makeCanary(): Canary {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-canary-'))
  const file = join(directory, 'file')
  asRoot([
    'sh',
    '-c',
    'printf "%s" "$1" > "$2"; chmod 0644 "$2"; chmod 0755 "$3"; touch -a -d "3 days ago" "$2"',
    'sh',
    secret,
    file,
    directory,
  ])
  return {
    directory,
    state: () =>
      asRoot([
        'sh',
        '-c',
        'cd "$1" && ls -A | sort && stat -c "%n %i %u %g %a %s %Y %X" file || true',
        'sh',
        directory,
      ]),
    destroy: () => asRoot(['rm', '-rf', directory]),
  }
}

export type Farm = {
  /** A shell program that leaves links to `$CANARY` where a service might look. Runs in the host's control and as a job. */
  readonly script: string
  /** What a naive service would then do in the folder, as root. */
  readonly naive: string
  readonly spec?: Partial<JobSpec>
}

function runOnHost(farm: Farm, canary: Canary): string {
  const folder = mkdtempSync(join(tmpdir(), 'stockade-farm-'))
  try {
    const run = (script: string): string =>
      asRoot([
        'env',
        `CANARY=${canary.directory}`,
        'bash',
        '-c',
        `cd "$1" && ${script}`,
        'bash',
        folder,
      ])
    run(farm.script)
    return run(`{ ${farm.naive}; } 2>&1 || true`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The same links on the host under a naive hand, and in a job under ours. Gives the job for more questions. */
export async function plantLinks(t: Test, tenant: Tenant, farm: Farm): Promise<Job> {
  const exposed = makeCanary()
  const guarded = makeCanary()
  try {
    const before = exposed.state()
    const said = runOnHost(farm, exposed)
    t.ok(
      said.includes(secret) || exposed.state() !== before,
      'outside: a naive hand is led to the canary',
    )
    const untouched = guarded.state()
    const job = await tenant.run({
      language: 'bash',
      source: farm.script,
      env: { CANARY: guarded.directory },
      ...farm.spec,
    })
    t.equal(
      guarded.state(),
      untouched,
      `inside: the canary is neither read nor changed; ${accountOf(job)}`,
    )
    t.notOk(JSON.stringify(job).includes(secret), 'inside: nothing of the canary is in the result')
    return job
  } finally {
    exposed.destroy()
    guarded.destroy()
  }
}
