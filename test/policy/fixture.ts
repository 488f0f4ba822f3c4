// What policy tests judge against: the minimal valid jobs that fixtures change, the untrusted grant, a machine with one image.
import { readdirSync, readFileSync } from 'node:fs'
import type { Catalogue, Language } from '../../contract/catalogue.js'
import type { JobSpec } from '../../contract/job.js'
import { type LoadedGrant, parseGrants } from '../../policy/grant-file.js'
import type { Fixture, Platform } from '../../policy/rule.js'

const bases: Readonly<Record<NonNullable<Fixture['base']>, JobSpec>> = {
  language: { language: 'python', source: 'print(1)' },
  command: { image: 'default', command: ['/bin/true'] },
  steps: { image: 'default', steps: [{ name: 'one', run: 'true' }] },
  empty: {},
}

/** The languages as they ship, and one image that has them all but Go, so that there is one to be refused. */
const languages = readdirSync('profiles/languages').map(
  (name) => JSON.parse(readFileSync(`profiles/languages/${name}`, 'utf8')) as Language,
)
export const catalogue: Catalogue = {
  images: [
    {
      name: 'default',
      digest: 'd'.repeat(64),
      languages: Object.fromEntries(
        languages
          .filter(({ toolchain }) => toolchain !== 'go')
          .map(({ toolchain }) => [toolchain, { version: '1' }]),
      ),
      bytes: 1,
    },
  ],
  languages,
}

const platform: Platform = { apparmor: true, landlockAbi: 7 }

const presets = parseGrants([])

export function grantOf(name: string): LoadedGrant {
  const grant = presets.get(name)
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
