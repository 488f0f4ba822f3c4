// A stream of JSON, one value a line, with each value seen through a view: null leaves it out. A line that cannot be read is left out too.
/** A longer one is no line of an engine's. Characters. */
const lineMax = 4 * 1_048_576

function shown(line: string, view: (value: unknown) => unknown): string[] {
  if (line.trim() === '') return []
  try {
    const value = view(JSON.parse(line))
    return value === null ? [] : [`${JSON.stringify(value)}\n`]
  } catch {
    return []
  }
}

export const eachLine = (view: (value: unknown) => unknown) =>
  async function* (chunks: AsyncIterable<Buffer>): AsyncIterable<string> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > lineMax) return
      const text = lines.flatMap((line) => shown(line, view)).join('')
      if (text !== '') yield text
    }
    yield* shown(rest, view)
  }
