// References of images: registry, path, tag and digest, as engines read them (distribution/reference).

export type Reference = {
  /** `docker.io` where none is named. */
  readonly registry: string
  /** `library/busybox` for `busybox`. */
  readonly path: string
  readonly tag: string | null
  readonly digest: string | null
}

const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const registryName = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/
const tagName = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/
const digestName = /^sha256:[0-9a-f]{64}$/
const referenceMax = 512

function registryOf(name: string): readonly [registry: string, path: string] {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  if (first !== 'localhost' && !/[.:]/.test(first))
    return ['docker.io', slash < 0 ? `library/${name}` : name]
  return [first === 'index.docker.io' ? 'docker.io' : first, name.slice(slash + 1)]
}

function splitTag(text: string): readonly [name: string, tag: string | null] {
  const colon = text.lastIndexOf(':')
  return colon > text.lastIndexOf('/')
    ? [text.slice(0, colon), text.slice(colon + 1)]
    : [text, null]
}

/** Null where it is no reference. */
export function referenceOf(text: string): Reference | null {
  const at = text.indexOf('@')
  const digest = at < 0 ? null : text.slice(at + 1)
  const [name, tag] = splitTag(at < 0 ? text : text.slice(0, at))
  const [registry, short] = registryOf(name)
  const path = registry === 'docker.io' && !short.includes('/') ? `library/${short}` : short
  if (text.length > referenceMax || !registryName.test(registry)) return null
  if (!path.split('/').every((part) => component.test(part))) return null
  if (tag !== null && !tagName.test(tag)) return null
  if (digest !== null && !digestName.test(digest)) return null
  return { registry, path, tag, digest }
}

/** `registry/path`, without what chooses among its versions. */
export const repositoryOf = ({ registry, path }: Reference): string => `${registry}/${path}`

/** The short form that people use, and one for every spelling: `busybox` for `docker.io/library/busybox`. */
export const familiarName = ({ registry, path }: Reference): string =>
  registry === 'docker.io' ? path.replace(/^library\//, '') : `${registry}/${path}`

/** Whether a grant’s registry, or the beginning of a path in it, has this image. */
export function isFrom(granted: string, reference: Reference): boolean {
  const whole = repositoryOf(reference)
  const prefix = granted.replace(/\/+$/, '')
  return whole.startsWith(`${prefix}/`) || whole === prefix
}

export const isTag = (text: string): boolean => tagName.test(text)
export const isDigest = (text: string): boolean => digestName.test(text)
