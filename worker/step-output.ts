// Output of a step as it comes: masked, captured for the result, told in pieces. The launcher caps it; that it did is not taken on trust.
import type { PlanStep } from '../contract/plan.js'
import { LaunchError } from '../native/launch-client.js'
import type { OutputWriter } from '../queue/output-store.js'
import { type Capture, openCapture } from './capture.js'
import type { Captured } from './collect.js'
import type { EventBatch } from './event-batch.js'
import { type Masker, type Masking, openMasker } from './mask.js'

export type StepOutput = {
  take(name: 'stdout' | 'stderr', bytes: Buffer): Promise<void> | null
  /** @throws LaunchError when a file could not be written. */
  finish(): Promise<Captured>
  discard(): Promise<void>
}

export type OutputParts = {
  readonly events: EventBatch
  readonly masking: Masking | null
  /** A file for large output. */
  createOutput(): OutputWriter
}

type Stream = { readonly capture: Capture; readonly masker: Masker | null }

export function openStepOutput(
  { events, masking, createOutput }: OutputParts,
  step: PlanStep,
): StepOutput {
  const open = (): Stream => ({
    capture: openCapture(createOutput),
    masker: masking === null ? null : openMasker(masking),
  })
  const streams = { stdout: open(), stderr: open() }
  const tell = (name: 'stdout' | 'stderr', piece: Buffer): Promise<void> | null => {
    if (piece.length === 0) return null
    events.output(name, step.name, piece)
    return streams[name].capture.take(piece)
  }
  const flush = (name: 'stdout' | 'stderr'): unknown =>
    tell(name, streams[name].masker?.finish() ?? Buffer.alloc(0))
  let total = 0
  return {
    take(name, bytes) {
      total += bytes.length
      if (total > step.outputBytes)
        throw new LaunchError('launcher-protocol', `more than ${step.outputBytes} bytes of output`)
      const { masker } = streams[name]
      // A copy: the frame is a window into the socket's buffer, which would be held as a whole.
      return tell(name, masker === null ? Buffer.from(bytes) : masker.push(Buffer.from(bytes)))
    },
    async finish() {
      flush('stdout')
      flush('stderr')
      events.endOutput(step.name)
      const { stdout, stderr } = streams
      try {
        return { stdout: await stdout.capture.finish(), stderr: await stderr.capture.finish() }
      } catch (error) {
        throw new LaunchError('output-store', (error as Error).message)
      }
    },
    async discard() {
      await Promise.all([streams.stdout.capture.discard(), streams.stderr.capture.discard()])
    },
  }
}
