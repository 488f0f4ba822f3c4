// What policy tests judge against: a minimal valid job, the untrusted grant, a machine with one image.
import type { Catalogue } from '../../contract/catalogue.js'
import type { JobSpec } from '../../contract/job.js'
import type { LoadedGrant } from '../../policy/grant-file.js'
import { parseGrants } from '../../policy/grant-file.js'

export const minimalJob: JobSpec = { language: 'bash', source: 'true' }

export const catalogue: Catalogue = {
  images: [
    {
      name: 'default',
      digest: 'a'.repeat(64),
      languages: { bash: { version: '5' }, c: { version: '12' }, python: { version: '3' } },
      bytes: 1,
    },
  ],
  languages: ['bash', 'c', 'python', 'go'].map((name) => ({
    name,
    title: name,
    toolchain: name,
    sourceFile: name === 'bash' ? 'main.sh' : `main.${name}`,
    compile: name === 'c' ? ['/usr/bin/gcc', 'main.c'] : null,
    run: ['/bin/run'],
    environment: {},
    processesMinimum: 1,
    memoryMinimumBytes: 1,
    hello: '',
  })),
}

export const platform = { apparmor: false }

export function grantOf(name: string): LoadedGrant {
  const grant = parseGrants([]).get(name)
  if (grant === undefined) throw new Error(`no grant ${name}`)
  return grant
}

/** A job with a fixture's changes; a field set to undefined is taken away. */
export function changed(change: Partial<JobSpec>): JobSpec {
  const merged: Record<string, unknown> = { ...minimalJob, ...change }
  for (const [name, value] of Object.entries(merged)) if (value === undefined) delete merged[name]
  return merged as JobSpec
}
