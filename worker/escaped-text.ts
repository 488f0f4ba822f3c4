// Bytes of a program, to be shown in the middle of a result: printable ASCII as it is, all else escaped as in C, so that they can neither move
// a terminal’s cursor nor pass for anything of ours.

const named: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  13: '\\r',
  92: '\\\\',
}

export function escapedText(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 92
    text += isPlain
      ? String.fromCharCode(byte)
      : (named[byte] ?? `\\x${byte.toString(16).padStart(2, '0')}`)
  }
  return text
}
