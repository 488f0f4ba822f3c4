// Resolved layers of rules → the bytes of native/addon/request.h. Both sides state their sizes; keep them equal.
import { endianness } from 'node:os'
import type { Architecture } from './seccomp-addon.js'
import type { Compare } from './seccomp-compare.js'

/** One rule: a call number of the target architecture, an action and compares, all of which must hold. */
export type Rule = { call: number; action: number; compares: Compare[] }

/** A list of rules; `defaultAction` undefined means: nothing matched, go on with the next layer. */
export type Layer = { defaultAction: number | undefined; rules: Rule[] }

const magic = 0x31504353
const headerBytes = 16
const layerBytes = 8
const ruleBytes = 304
const compareBytes = 24
/** REQUEST_RULES_MAX; asked here too, before memory is taken for them. */
const rulesMax = 16_384

/** SCMP_ARCH_* = AUDIT_ARCH_* of linux/audit.h. */
const architectureTokens: Readonly<Record<Architecture, number>> = {
  x86_64: 0xc000003e,
  aarch64: 0xc00000b7,
}

function writeRule(bytes: Buffer, offset: number, layer: number, rule: Rule): void {
  bytes.writeUInt32LE(layer, offset)
  bytes.writeInt32LE(rule.call, offset + 4)
  bytes.writeUInt32LE(rule.action, offset + 8)
  bytes.writeUInt32LE(rule.compares.length, offset + 12)
  rule.compares.forEach((compare, position) => {
    const at = offset + 16 + position * compareBytes
    bytes.writeUInt32LE(compare.index, at)
    bytes.writeUInt32LE(compare.operator, at + 4)
    bytes.writeBigUInt64LE(compare.mask, at + 8)
    bytes.writeBigUInt64LE(compare.value, at + 16)
  })
}

/** Throws RangeError when a number does not fit its field. */
export function encodeRequest(architecture: Architecture, layers: readonly Layer[]): Buffer {
  // Host order is what C reads; x86_64 and Linux on aarch64 are both little-endian.
  if (endianness() !== 'LE') throw new Error('big-endian machines are not supported')
  const ruleCount = layers.reduce((sum, layer) => sum + layer.rules.length, 0)
  if (ruleCount > rulesMax) throw new RangeError(`a profile may become ${rulesMax} rules at most`)
  const rulesAt = headerBytes + layers.length * layerBytes
  const bytes = Buffer.alloc(rulesAt + ruleCount * ruleBytes)
  bytes.writeUInt32LE(magic, 0)
  bytes.writeUInt32LE(architectureTokens[architecture], 4)
  bytes.writeUInt32LE(layers.length, 8)
  bytes.writeUInt32LE(ruleCount, 12)
  let offset = rulesAt
  layers.forEach((layer, number) => {
    bytes.writeUInt32LE(layer.defaultAction ?? 0, headerBytes + number * layerBytes)
    bytes.writeUInt32LE(
      layer.defaultAction === undefined ? 1 : 0,
      headerBytes + number * layerBytes + 4,
    )
    for (const rule of layer.rules) {
      writeRule(bytes, offset, number, rule)
      offset += ruleBytes
    }
  })
  return bytes
}
