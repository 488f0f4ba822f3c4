// The launcher's frames as bytes (docs/launcher-protocol.md): making the ones we send, cutting the ones we get.
import {
  framePayloadBytesMax,
  frameTypes,
  stepPayloadBytesMax,
  treeHeaderBytes,
} from '../contract/launch.js'

const headerBytes = 5

export type Pair = readonly [key: string, value: string | number]

/** A frame that the protocol forbids, on either side. */
export class FrameError extends Error {}

/** One frame: length, type, payload. @throws FrameError when the payload is too long for any frame. */
export function encodeFrame(type: number, payload: Buffer): Buffer {
  const more = type === frameTypes.tree ? treeHeaderBytes : 0
  if (payload.length > stepPayloadBytesMax + more)
    throw new FrameError(`a frame of ${payload.length} bytes`)
  const header = Buffer.allocUnsafe(headerBytes)
  header.writeUInt32LE(payload.length, 0)
  header.writeUInt8(type, 4)
  return Buffer.concat([header, payload])
}

/** Key and value, each ended by NUL. @throws FrameError when a text holds a NUL itself. */
export function encodePairs(pairs: readonly Pair[]): Buffer {
  const pieces: string[] = []
  for (const [key, value] of pairs) {
    const text = String(value)
    if (text.includes('\0')) throw new FrameError(`the value of ${key} holds a NUL`)
    pieces.push(key, '\0', text, '\0')
  }
  return Buffer.from(pieces.join(''))
}

/** Bytes in frames of one type, none larger than the protocol allows. No bytes: no frame. */
export function encodeChunks(type: number, bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; at += framePayloadBytesMax)
    frames.push(encodeFrame(type, bytes.subarray(at, at + framePayloadBytesMax)))
  return frames
}

/** Head of a FILE: its bytes follow in DATA frames. */
/** Of a FILE’s mode: its path is relative to the root, and beneath `run/` (native/launcher/plan.h). */
const fileInRun = 1 << 16

export function encodeFileHead(
  path: string,
  mode: number,
  sizeBytes: number,
  isInRun = false,
): Buffer {
  const name = Buffer.from(path)
  const payload = Buffer.alloc(12 + name.length)
  payload.writeUInt32LE(isInRun ? mode | fileInRun : mode, 0)
  payload.writeBigUInt64LE(BigInt(sizeBytes), 4)
  name.copy(payload, 12)
  return payload
}

export type Frame = { readonly type: number; readonly payload: Buffer }

/** Cuts a byte stream into frames. Holds at most one incomplete frame. */
export function openFrameCutter(payloadBytesMax: number = framePayloadBytesMax): {
  push(bytes: Buffer): Frame[]
} {
  let held: Buffer = Buffer.alloc(0)
  return {
    push(bytes) {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      const frames: Frame[] = []
      let at = 0
      while (held.length - at >= headerBytes) {
        const length = held.readUInt32LE(at)
        if (length > payloadBytesMax)
          throw new FrameError(`the launcher announced a frame of ${length} bytes`)
        if (held.length - at < headerBytes + length) break
        frames.push({
          type: held.readUInt8(at + 4),
          payload: held.subarray(at + headerBytes, at + headerBytes + length),
        })
        at += headerBytes + length
      }
      held = held.subarray(at)
      return frames
    },
  }
}
