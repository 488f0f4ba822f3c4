// A job as an answer: small ones at once; one with large output as a stream, whose output goes from its file through JSON's escapes
// to the client piece by piece, at the client's pace. The contract is the same: `stdout` and `stderr` stand whole in the JSON.
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { FastifyReply } from 'fastify'
import type { KeptJob, KeptOutput, OutputFile } from '../contract/result.js'
import type { OpenOutput } from '../queue/output-store.js'
import type { Service } from './service.js'

type Encoding = 'utf8' | 'base64'
type Place = { readonly file: OutputFile; readonly encoding: Encoding }

/** The JSON text around large output, cut where the output stands: one text more than places. */
type Frame = { readonly texts: readonly string[]; readonly places: readonly Place[] }

function frameOf(job: KeptJob): Frame {
  const places: Place[] = []
  // Nobody can guess the mark, so no text of a caller or a program is taken for it. Most answers need none.
  let mark = ''
  const marked = (kept: KeptOutput | null, encoding: Encoding | undefined): string | null => {
    if (kept === null || typeof kept === 'string') return kept
    if (mark === '') mark = randomBytes(16).toString('hex')
    places.push({ file: kept, encoding: encoding ?? 'base64' })
    return mark
  }
  const text = JSON.stringify({
    ...job,
    stdout: marked(job.stdout, job.encoding?.stdout),
    stderr: marked(job.stderr, job.encoding?.stderr),
    steps: job.steps.map((step) => ({
      ...step,
      stdout: marked(step.stdout, step.encoding.stdout),
      stderr: marked(step.stderr, step.encoding.stderr),
    })),
  })
  return { texts: mark === '' ? [text] : text.split(`"${mark}"`), places }
}

async function* escaped(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  // It gives whole characters, so that no escape depends on the next piece.
  const decoder = new StringDecoder('utf8')
  for await (const piece of pieces) yield JSON.stringify(decoder.write(piece)).slice(1, -1)
  yield JSON.stringify(decoder.end()).slice(1, -1)
}

async function* base64(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    const whole = bytes.length - (bytes.length % 3)
    yield bytes.toString('base64', 0, whole)
    rest = bytes.subarray(whole)
  }
  yield rest.toString('base64')
}

async function* answerOf(
  { texts, places }: Frame,
  outputs: ReadonlyMap<string, OpenOutput>,
): AsyncGenerator<string> {
  for (const [index, text] of texts.entries()) {
    yield text
    const place = places[index]
    const output = outputs.get(place?.file.digest ?? '')
    if (place === undefined || output === undefined) continue
    const pieces = output.read(0, output.bytes)
    yield '"'
    yield* place.encoding === 'utf8' ? escaped(pieces) : base64(pieces)
    yield '"'
  }
}

/** Opens and checks each file once, before a byte is sent. @throws OutputLost, and leaves nothing open. */
async function openAll(
  service: Service,
  tenant: string,
  jobId: string,
  places: readonly Place[],
): Promise<Map<string, OpenOutput>> {
  const outputs = new Map<string, OpenOutput>()
  try {
    for (const { file } of places) {
      if (outputs.has(file.digest)) continue
      outputs.set(file.digest, await service.store.outputs.open(tenant, jobId, file))
    }
  } catch (error) {
    for (const output of outputs.values()) await output.close()
    throw error
  }
  return outputs
}

/** Pieces read ahead of the client, at most. */
const piecesAhead = 2

/** A stream that lets go of its files however it ends. */
export function streamOf(
  reply: FastifyReply,
  pieces: AsyncIterable<Buffer | string>,
  close: () => Promise<void>,
): Readable {
  const stream = Readable.from(pieces, { highWaterMark: piecesAhead })
  let isOpen = true
  const end = (): void => {
    if (!isOpen) return
    isOpen = false
    stream.destroy()
    void close()
  }
  stream.once('close', end)
  reply.raw.once('close', end)
  return stream
}

/** Answers with a job that the store has read. @throws OutputLost */
export async function sendJob(
  service: Service,
  tenant: string,
  reply: FastifyReply,
  job: KeptJob,
): Promise<FastifyReply> {
  const frame = frameOf(job)
  const [whole] = frame.texts
  reply.type('application/json; charset=utf-8')
  if (frame.places.length === 0) return reply.send(whole)
  const outputs = await openAll(service, tenant, job.id, frame.places)
  const close = async (): Promise<void> => {
    for (const output of outputs.values()) await output.close()
  }
  return reply.send(streamOf(reply, answerOf(frame, outputs), close))
}
