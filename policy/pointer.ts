// JSON pointers (RFC 6901).

/** `pointer('env', 'a/b')` is `/env/a~1b`. */
export function pointer(...parts: readonly (string | number)[]): string {
  return parts
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
}
