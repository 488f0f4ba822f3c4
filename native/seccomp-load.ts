// A profile by name or value → checked documents: the profile, and the one it extends.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { SeccompProfile } from '../contract/profile.js'
import { checkProfile, SeccompProfileError } from './seccomp-check.js'

export type LoadedProfile = {
  name: string
  profile: SeccompProfile
  /** SHA-256 of the document's text, hexadecimal. */
  digest: string
}

const nameForm = /^[a-z][a-z0-9-]{0,62}$/
/** A profile is a page or two; a file of megabytes is not one. */
const profileBytesMax = 1024 * 1024
const documentsMax = 64

/** Checked documents by digest; the check costs a millisecond, which a job a millisecond could not pay. */
const documents = new Map<string, SeccompProfile>()

const refusal = (name: string, pointer: string, message: string) =>
  new SeccompProfileError(name, [{ pointer, message }])

/** Where profiles lie by name. */
export type SeccompFolders = {
  /** The folder that holds the shipped `seccomp/<name>.json`. */
  readonly profilesFolder: string
  /** The operator's own `<name>.json`, if there are any. None may have the name of a shipped one. */
  readonly ownFolder?: string | undefined
}

/** A shipped name always means the shipped profile: a file of the operator's own that has one is refused, not passed over. */
function pathOf(name: string, { profilesFolder, ownFolder }: SeccompFolders): string {
  if (!nameForm.test(name)) throw refusal(name, '', 'not a profile name')
  const shipped = join(profilesFolder, 'seccomp', `${name}.json`)
  if (ownFolder === undefined) return shipped
  const own = join(ownFolder, `${name}.json`)
  if (!existsSync(own)) return shipped
  if (existsSync(shipped)) throw refusal(name, '', `${own} has the name of a shipped profile`)
  return own
}

/** Every name that `loadProfile` would find, sorted. */
export function profileNames({ profilesFolder, ownFolder }: SeccompFolders): string[] {
  const folders = [join(profilesFolder, 'seccomp'), ...(ownFolder === undefined ? [] : [ownFolder])]
  const files = folders.filter((folder) => existsSync(folder)).flatMap((one) => readdirSync(one))
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5))
  return [...new Set(names)].sort()
}

function readText(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw refusal(name, '', `cannot be read: ${reason}`)
  }
}

function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refusal(name, '', 'is not JSON')
  }
}

function fromText(name: string, text: string): LoadedProfile {
  if (text.length > profileBytesMax) throw refusal(name, '', 'is larger than 1 MiB')
  const digest = createHash('sha256').update(text).digest('hex')
  const known = documents.get(digest)
  documents.delete(digest)
  const profile = known ?? checkProfile(parse(name, text), name)
  documents.set(digest, profile)
  for (const oldest of documents.keys()) {
    if (documents.size <= documentsMax) break
    documents.delete(oldest)
  }
  return { name, profile, digest }
}

/** By path, with what the file was when it was read: each job asks for its profile, and a file changes once in a release. */
const files = new Map<string, { readonly stamp: string; readonly loaded: LoadedProfile }>()

/** What changes when a file does: the kernel sets ctime itself, nobody can set it back. */
function stampOf(path: string): string {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false })
  return status === undefined ? '' : `${status.dev} ${status.ino} ${status.size} ${status.ctimeNs}`
}

function fromFile(name: string, folders: SeccompFolders): LoadedProfile {
  const path = pathOf(name, folders)
  const stamp = stampOf(path)
  const known = files.get(path)
  if (known !== undefined && known.stamp === stamp) return known.loaded
  const loaded = fromText(name, readText(name, path))
  // Only what was still the same after it was read.
  if (stamp !== '' && stampOf(path) === stamp && files.size < documentsMax)
    files.set(path, { stamp, loaded })
  else files.delete(path)
  return loaded
}

/** The profile first, then its base, if any. Throws SeccompProfileError. */
export function loadProfile(
  profile: string | SeccompProfile,
  folders: SeccompFolders,
): LoadedProfile[] {
  const own =
    typeof profile === 'string'
      ? fromFile(profile, folders)
      : fromText('custom', JSON.stringify(profile))
  if (own.profile.extends === undefined) return [own]
  const base = fromFile(own.profile.extends, folders)
  if (base.profile.extends !== undefined) {
    const message = `${base.name} itself extends ${base.profile.extends}: one level only`
    throw refusal(own.name, '/extends', message)
  }
  return [own, base]
}
