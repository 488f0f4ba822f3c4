// JSON pointers (RFC 6901).

/** The keys of a pointer, unescaped. */
export function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value that stands there; undefined where there is none. Inherited members are none. */
export function valueAt(value: unknown, pointer: string): unknown {
  let at = value
  for (const key of keysOf(pointer)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}
