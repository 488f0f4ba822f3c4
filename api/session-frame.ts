// The frames between api and worker: u32 little-endian length, u8 type, payload, as those of the launcher.
import { framePayloadBytesMax } from '../contract/launch.js'

const headerBytes = 5

export function encodeLinkFrame(type: number, payload: Buffer): Buffer {
  const header = Buffer.allocUnsafe(headerBytes)
  header.writeUInt32LE(payload.length, 0)
  header.writeUInt8(type, 4)
  return Buffer.concat([header, payload])
}

/** Bytes in frames no longer than the other side takes. */
export function encodeLinkChunks(type: number, bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; at += framePayloadBytesMax)
    frames.push(encodeLinkFrame(type, bytes.subarray(at, at + framePayloadBytesMax)))
  return frames
}

/** Cuts what a worker sends. Holds at most one incomplete frame. */
export function openLinkCutter(): (bytes: Buffer) => { type: number; payload: Buffer }[] {
  let held: Buffer = Buffer.alloc(0)
  return (bytes) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    const frames: { type: number; payload: Buffer }[] = []
    let at = 0
    while (held.length - at >= headerBytes) {
      const length = held.readUInt32LE(at)
      if (length > framePayloadBytesMax) throw new Error(`a worker announced ${length} bytes`)
      if (held.length - at < headerBytes + length) break
      const from = at + headerBytes
      frames.push({ type: held.readUInt8(at + 4), payload: held.subarray(from, from + length) })
      at = from + length
    }
    held = held.subarray(at)
    return frames
  }
}
