// A profile by name or value → checked documents: the profile, and the one it extends.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
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

function readText(name: string, folder: string): string {
  if (!nameForm.test(name)) throw refusal(name, '', 'not a profile name')
  try {
    return readFileSync(join(folder, 'seccomp', `${name}.json`), 'utf8')
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

/** The profile first, then its base, if any. Throws SeccompProfileError. */
export function loadProfile(profile: string | SeccompProfile, folder: string): LoadedProfile[] {
  const own =
    typeof profile === 'string'
      ? fromText(profile, readText(profile, folder))
      : fromText('custom', JSON.stringify(profile))
  if (own.profile.extends === undefined) return [own]
  const base = fromText(own.profile.extends, readText(own.profile.extends, folder))
  if (base.profile.extends !== undefined) {
    const message = `${base.name} itself extends ${base.profile.extends}: one level only`
    throw refusal(own.name, '/extends', message)
  }
  return [own, base]
}
