// A name server of the test’s own (RFC 1035, by UDP): names and what they have, which a test may change between two questions.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export type NameServer = {
  /** As the setting `callbackResolvers` wants it. */
  readonly address: string
  /** Names that were asked for, with A or AAAA before them, in order. */
  readonly asked: string[]
  /** Addresses of a name, for each time that it is asked; the last ones stay. */
  set(name: string, ...answers: readonly (readonly string[])[]): void
  close(): void
}

const types: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' }

function nameOf(question: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 }
}

function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const groups = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail = ''] = groups.split('::')
  const parse = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [parse(head), parse(tail)]
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]))
}

function answerOf(question: Buffer, end: number, type: number, found: readonly string[]): Buffer {
  const head = Buffer.from(question.subarray(0, end))
  // A response that is authoritative; no such name (3) where there is nothing.
  head.writeUInt16BE(0x8580 | (found.length === 0 ? 3 : 0), 2)
  head.writeUInt16BE(found.length, 6)
  head.writeUInt32BE(0, 8)
  const records = found.map((address) => {
    const data = addressBytes(address)
    const record = Buffer.alloc(12)
    record.writeUInt16BE(0xc00c, 0)
    record.writeUInt16BE(type, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt32BE(0, 6)
    record.writeUInt16BE(data.length, 10)
    return Buffer.concat([record, data])
  })
  return Buffer.concat([head, ...records])
}

export async function openNameServer(): Promise<NameServer> {
  const table = new Map<string, (readonly string[])[]>()
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (question, { port, address }) => {
    const { name, end } = nameOf(question)
    const number = question.readUInt16BE(end - 4)
    const type = types[number] ?? 'A'
    asked.push(`${type} ${name}`)
    const answers = table.get(name) ?? []
    // Each time has one question for A, and one for AAAA after it.
    const times = asked.filter((one) => one === `${type} ${name}`).length
    const now = answers[Math.min(times, answers.length) - 1] ?? []
    const found = now.filter((one) => one.includes(':') === (type === 'AAAA'))
    socket.send(answerOf(question, end, number, found), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    set: (name, ...answers) => void table.set(name, [...answers]),
    close: () => socket.close(),
  }
}
