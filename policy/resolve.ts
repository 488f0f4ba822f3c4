// Resolve: which language, image and limits a request comes to under a grant on this machine. Rules and plan share it,
// so that what was judged is what is planned.
import type { Catalogue, ImageEntry, Language } from '../contract/catalogue.js'
import type { Grant } from '../contract/grant.js'
import type { Ask, LimitName } from './ask.js'

export type ResolvedLimits = Readonly<Record<LimitName, number>>

export type Resolved = {
  readonly language: Language | null
  readonly image: ImageEntry | null
  readonly limits: ResolvedLimits
}

export function grantsImage(grant: Grant, image: ImageEntry): boolean {
  for (const granted of grant.images) if (granted === '*' || namesImage(granted, image)) return true
  return false
}

export function grantsLanguage(grant: Grant, name: string): boolean {
  return grant.languages.includes('*') || grant.languages.includes(name)
}

/** An image is named `name`, `sha256:<64 hex>`, `<64 hex>` or `name@sha256:<64 hex>`. */
export function namesImage(asked: string, image: ImageEntry): boolean {
  if (asked === image.name || bareDigest(asked) === image.digest) return true
  const at = asked.indexOf('@')
  return (
    at > 0 && asked.slice(0, at) === image.name && bareDigest(asked.slice(at + 1)) === image.digest
  )
}

function bareDigest(text: string): string {
  return text.startsWith('sha256:') ? text.slice('sha256:'.length) : text
}

function findImage(
  ask: Ask,
  language: Language | null,
  catalogue: Catalogue,
  grant: Grant,
): ImageEntry | null {
  for (const image of catalogue.images) {
    if (!grantsImage(grant, image)) continue
    if (ask.image !== null && namesImage(ask.image.value, image)) return image
    if (language !== null && Object.hasOwn(image.languages, language.toolchain)) return image
  }
  return null
}

function resolveLimits(ask: Ask, language: Language | null, grant: Grant): ResolvedLimits {
  const { limits } = grant
  const asked: Partial<Record<LimitName, number>> = {}
  for (const limit of ask.limits) asked[limit.name] = limit.value
  const orDefault = (name: LimitName, runtimeNeeds = 1): number =>
    asked[name] ?? Math.min(Math.max(limits[name].default, runtimeNeeds), limits[name].maximum)
  const memoryBytes = orDefault('memoryBytes', language?.memoryMinimumBytes)
  // Files live in memory (docs/languages.md, “Memory”): a default never promises more disk than memory.
  const diskBytes = asked.diskBytes ?? Math.min(limits.diskBytes.default, memoryBytes)
  return {
    wallMs: orDefault('wallMs'),
    cpuMs: orDefault('cpuMs'),
    memoryBytes,
    processes: orDefault('processes', language?.processesMinimum),
    openFiles: orDefault('openFiles'),
    fileBytes: asked.fileBytes ?? Math.min(limits.fileBytes.default, diskBytes),
    diskBytes,
    outputBytes: orDefault('outputBytes'),
    cpuMillis: orDefault('cpuMillis'),
    expiresAfterMs: orDefault('expiresAfterMs'),
    attempts: orDefault('attempts'),
  }
}

export function resolve(ask: Ask, grant: Grant, catalogue: Catalogue): Resolved {
  const name = ask.language?.value
  const language =
    name === undefined
      ? null
      : (catalogue.languages.find((candidate) => candidate.name === name) ?? null)
  return {
    language,
    image: findImage(ask, language, catalogue, grant),
    limits: resolveLimits(ask, language, grant),
  }
}
