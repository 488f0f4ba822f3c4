// What `./stockade policy` reads: grants from files and directories, and what this machine can run; where that cannot be read, such as in an
// operator's CI, what a machine with every language would be.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Compile } from 'typebox/compile'
import { type Catalogue, ImageIndex, Language } from '../contract/catalogue.js'
import type { Platform } from '../policy/engine.js'
import { type LoadedGrant, parseGrants } from '../policy/grant-file.js'

const checkIndex = Compile(ImageIndex)
const checkLanguage = Compile(Language)

/** What stops the command before anything is judged: exit status 2. */
export class Unusable extends Error {}

function grantFilesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name))
  return names.sort().map((name) => join(path, name))
}

/** @throws GrantError with every fault of every file; Unusable when one cannot be read. */
export function readGrants(paths: readonly string[]): Map<string, LoadedGrant> {
  try {
    const files = paths.flatMap(grantFilesIn)
    return parseGrants(files.map((name) => ({ name, text: readFileSync(name, 'utf8') })))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new Unusable(message)
  }
}

function readLanguages(profiles: string): Language[] {
  const directory = join(profiles, 'languages')
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name): unknown => JSON.parse(readFileSync(join(directory, name), 'utf8')))
    .filter((value) => checkLanguage.Check(value))
}

function installedImages(images: string): Catalogue['images'] | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(images, 'index.json'), 'utf8'))
    return checkIndex.Check(value) ? value.images : null
  } catch {
    return null
  }
}

/** An image by name, with every language. Its digest is its place in the list: none that exists. */
function supposedImage(languages: readonly Language[], name: string, at: number) {
  const versions = languages.map(({ toolchain }) => [toolchain, { version: 'supposed' }] as const)
  return {
    name,
    digest: String(at).padStart(64, '0'),
    languages: Object.fromEntries(versions),
    bytes: 0,
  }
}

export type Machine = {
  readonly catalogue: Catalogue
  readonly platform: Platform
  /** Whether images are those of an installed instance, and not supposed. */
  readonly isReal: boolean
}

/** `supposed`: the names of images to suppose instead of those that are installed. */
export function machineOf(profiles: string, images: string, supposed?: readonly string[]): Machine {
  const languages = readLanguages(profiles)
  const installed = supposed === undefined ? installedImages(images) : null
  const names = supposed ?? ['default']
  return {
    catalogue: {
      languages,
      images: installed ?? names.map((name, at) => supposedImage(languages, name, at)),
    },
    // Grants are judged, not this kernel: what a grant demands of the machine is there.
    platform: { apparmor: true, landlockAbi: 64 },
    isReal: installed !== null,
  }
}
