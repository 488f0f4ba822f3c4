// How output is given: as text or as base64.

export type Encoding = 'utf8' | 'base64'

/** What JSON may add to a short text beyond the rule below: its control characters cost nobody anything. Bytes. */
const slackBytes = 4096

/** What a byte of ASCII takes in a JSON string (RFC 8259, 7): control characters without a short form take six. */
const escapedLengths = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 ? Buffer.byteLength(JSON.stringify(String.fromCharCode(byte))) - 2 : 1,
)

/**
 * Whether bytes are given as text: they are UTF-8, and JSON makes them at most twice as long (every quote, backslash and line end
 * fits in that; only control characters do not). So a stored or answered byte never becomes six, as NULs would.
 */
export function openEncodingChoice(): { add(bytes: Buffer): void; choose(): Encoding } {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let isText = true
  let total = 0
  let escaped = 0
  const decode = (bytes?: Buffer): void => {
    try {
      if (bytes === undefined) decoder.decode()
      else decoder.decode(bytes, { stream: true })
    } catch {
      isText = false
    }
  }
  return {
    add(bytes) {
      if (!isText) return
      decode(bytes)
      total += bytes.length
      for (const byte of bytes) escaped += escapedLengths[byte] ?? 1
    },
    choose() {
      if (isText) decode()
      return isText && escaped <= 2 * total + slackBytes ? 'utf8' : 'base64'
    },
  }
}

/** Bytes as a result has them: never mangled. */
export function textOf(bytes: Buffer): { text: string; encoding: Encoding } {
  const choice = openEncodingChoice()
  choice.add(bytes)
  const encoding = choice.choose()
  return { text: bytes.toString(encoding), encoding }
}
