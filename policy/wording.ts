// How verdicts speak: foreign text is quoted, escaped and cut, quantities are given with their unit.

const shownCharacters = 80

/**
 * JSON text leaves U+007F to U+009F as they are; a terminal may act upon them (U+009B is CSI in one character). The same JSON, with all
 * of them escaped.
 */
export const escapeControls = (json: string): string =>
  json.replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Foreign text made safe to print: JSON escapes, and no more than 80 characters of it. */
export function quote(text: string): string {
  if (text.length <= shownCharacters) return escapeControls(JSON.stringify(text))
  return `${escapeControls(JSON.stringify(text.slice(0, shownCharacters)))}… (${text.length} characters)`
}

/** A list for a person: at most 20 of them. */
export function listing(words: readonly string[]): string {
  if (words.length === 0) return 'none'
  const shown = words.slice(0, 20).join(', ')
  return words.length > 20 ? `${shown} and ${words.length - 20} more` : shown
}

const binaryUnits: ReadonlyArray<readonly [number, string]> = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
]

function bytesInWords(bytes: number): string {
  for (const [size, unit] of binaryUnits)
    if (bytes >= size && bytes % size === 0) return `${bytes} bytes (${bytes / size} ${unit})`
  return `${bytes} bytes`
}

/** A limit’s value with its unit, which is the end of its name. */
export function quantity(name: string, value: number): string {
  if (name.endsWith('Bytes')) return bytesInWords(value)
  if (name.endsWith('Ms')) return `${value} ms`
  if (name === 'cpuMillis') return `${value / 1000} processors`
  return String(value)
}
