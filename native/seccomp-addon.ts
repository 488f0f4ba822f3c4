// The typed door of native/build/addon.node: libseccomp behind five functions. Loaded once, on first use.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

export type Architecture = 'x86_64' | 'aarch64'

export type SeccompFeatures = {
  libseccompVersion: string
  apiLevel: number
  nativeArchitecture: string
}

export type SeccompAddon = {
  /** Bytes of native/addon/request.h → struct sock_filter[]. */
  compile(request: Uint8Array): Buffer
  /** The same rules as libseccomp's pseudo filter code, for review. */
  dump(request: Uint8Array): string
  features(): SeccompFeatures
  /** libseccomp's number; -1 unknown everywhere, other negatives: not on this architecture. */
  resolve(name: string, architecture?: Architecture): number
  /** The name of a number here, or null when libseccomp knows none. */
  nameOf(number: number): string | null
}

// The compiled module lies in dist/native/, the addon in native/build/, both in the repository and in a release.
const addonPath = fileURLToPath(new URL('../../native/build/addon.node', import.meta.url))

let loaded: SeccompAddon | undefined

/** Throws when the addon was not built or libseccomp is missing. */
export function seccompAddon(): SeccompAddon {
  loaded ??= createRequire(import.meta.url)(addonPath) as SeccompAddon
  return loaded
}

/** What this libseccomp can do, for `doctor` and the isolation report. */
export function seccompFeatures(): SeccompFeatures {
  return seccompAddon().features()
}

/** The architecture programs are compiled for here. Throws on any other machine. */
export function nativeArchitecture(): Architecture {
  const name = seccompFeatures().nativeArchitecture
  if (name !== 'x86_64' && name !== 'aarch64') {
    throw new Error('seccomp profiles are made for x86_64 and aarch64 only')
  }
  return name
}
