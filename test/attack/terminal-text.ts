// What a terminal acts upon, in text that should have none of it.

/** Lines with a control character of ASCII (line ends apart). JSON escapes all of them but U+007F, and none of U+0080 to U+009F. */
export function activeLines(text: string): string[] {
  const isActive = (character: string): boolean => character < ' ' || character === '\u007f'
  return text.split('\n').filter((line) => [...line].some(isActive))
}
