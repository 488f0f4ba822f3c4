// What a process reads from its own machine: grants, languages, images, and what the kernel offers. Redis has no say in any of it.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Compile } from 'typebox/compile'
import { type Catalogue, ImageIndex, Language } from '../contract/catalogue.js'
import type { Settings } from '../contract/config.js'
import type { Platform } from '../policy/engine.js'
import { type LoadedGrant, parseGrants } from '../policy/grant-file.js'

const checkIndex = Compile(ImageIndex)
const checkLanguage = Compile(Language)

export type LocalFiles = {
  readonly grants: ReadonlyMap<string, LoadedGrant>
  readonly catalogue: Catalogue
  readonly platform: Platform
  /** Why the files as they lie on the disk now were not taken; absent while these are them. Names files of the operator’s: for logs. */
  readonly fault?: string
}

async function readGrants(directory: string): Promise<ReadonlyMap<string, LoadedGrant>> {
  const names = (await readdir(directory)).filter((name) => /\.ya?ml$/.test(name)).sort()
  const files = await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(directory, name), 'utf8') })),
  )
  return parseGrants(files)
}

async function readImages(directory: string): Promise<ImageIndex['images']> {
  const value: unknown = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'))
  if (!checkIndex.Check(value)) throw new Error(`${directory}/index.json does not match its schema`)
  return value.images
}

async function readLanguages(directory: string): Promise<Language[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort()
  return Promise.all(
    names.map(async (name) => {
      const value: unknown = JSON.parse(await readFile(join(directory, name), 'utf8'))
      if (!checkLanguage.Check(value))
        throw new Error(`${directory}/${name} does not match the language schema`)
      return value
    }),
  )
}

/** landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION): call 444 on every architecture. Node cannot make it; perl is there on every Debian. */
function landlockAbi(): number {
  try {
    const answer = Number(
      execFileSync('/usr/bin/perl', ['-e', 'print syscall(444, 0, 0, 1)'], {
        encoding: 'utf8',
        env: {},
      }),
    )
    return Number.isInteger(answer) && answer > 0 ? answer : 0
  } catch {
    return 0
  }
}

function readPlatform(): Platform {
  let apparmor = false
  try {
    apparmor = readFileSync('/sys/module/apparmor/parameters/enabled', 'utf8').trim() === 'Y'
  } catch {
    // Absent: this kernel has no AppArmor.
  }
  return { apparmor, landlockAbi: landlockAbi() }
}

/** @throws Error when any file is missing or does not match its schema: a process must not start half-informed. */
export async function loadLocalFiles(settings: Settings): Promise<LocalFiles> {
  const [grants, images, languages] = await Promise.all([
    readGrants(settings.grantDirectory),
    readImages(settings.imageDirectory),
    readLanguages(join(settings.profileDirectory, 'languages')),
  ])
  return { grants, catalogue: { images, languages }, platform: readPlatform() }
}
