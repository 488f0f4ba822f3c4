// Paths as the kernel would read them, without asking it.

/** Absolute, without `.`, `..`, doubled or trailing slashes. A relative path is read from the root. */
export function canonicalPath(text: string): string {
  const parts: string[] = []
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Longest component and path that Linux takes (NAME_MAX, PATH_MAX less its NUL), bytes. */
export const componentBytesMax = 255
export const pathBytesMax = 4095

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is looked for.
const forbiddenCharacters = /[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/

/** Why a name may not be a path inside a workspace, or null. */
export function relativePathFault(path: string): string | null {
  if (path.startsWith('/')) return 'is absolute'
  if (forbiddenCharacters.test(path)) return 'has a control character'
  const encoder = new TextEncoder()
  for (const part of path.split('/')) {
    if (part === '') return 'has an empty component'
    if (part === '.' || part === '..') return `has the component "${part}"`
    if (encoder.encode(part).length > componentBytesMax)
      return `has a component of more than ${componentBytesMax} bytes`
  }
  return null
}

export const hasForbiddenCharacter = (text: string): boolean => forbiddenCharacters.test(text)
