// What policy tests judge against: the minimal valid jobs that fixtures change, the untrusted grant, a machine with one image.
import type { Catalogue } from '../../contract/catalogue.js'
import type { JobSpec } from '../../contract/job.js'
import { type LoadedGrant, parseGrants } from '../../policy/grant-file.js'
import type { Fixture, Platform } from '../../policy/rule.js'

const bases: Readonly<Record<NonNullable<Fixture['base']>, JobSpec>> = {
  language: { language: 'python', source: 'print(1)' },
  command: { image: 'default', command: ['/bin/true'] },
  empty: {},
}

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
    sourceFile: `main.${name}`,
    compile: name === 'c' ? ['/usr/bin/gcc', 'main.c'] : null,
    run: ['/bin/run'],
    environment: {},
    processesMinimum: 1,
    memoryMinimumBytes: 1_048_576,
    hello: '',
  })),
}

const platform: Platform = { apparmor: true, landlockAbi: 7 }

export function grantOf(name: string): LoadedGrant {
  const grant = parseGrants([]).get(name)
  if (grant === undefined) throw new Error(`no grant ${name}`)
  return grant
}

export type Case = {
  readonly spec: JobSpec
  readonly grant: LoadedGrant
  readonly platform: Platform
}

/** A fixture's job, grant and machine in full. */
export function caseOf(fixture: Fixture): Case {
  const loaded = grantOf('untrusted')
  return {
    spec: { ...bases[fixture.base ?? 'language'], ...fixture.job },
    grant: { ...loaded, grant: { ...loaded.grant, ...fixture.grant } },
    platform: { ...platform, ...fixture.platform },
  }
}
