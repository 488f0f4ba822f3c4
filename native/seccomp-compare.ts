// One argument compare of a profile → compares on masked 64-bit registers that no high bit can dodge.
//
// Arguments known to be narrow are compared in the bits that reach the call. All others are judged in both
// readings: what permits must hold for the 64 bits and for the low 32, what refuses need hold for one of them.
// So a wrong or missing line in the width table can deny too much, never too little.
import type { SeccompArgument } from '../contract/profile.js'
import { argumentBits } from './seccomp-width.js'

/** (argument & mask) operator value. `operator` is enum request_operator of native/addon/request.h. */
export type Compare = { index: number; operator: number; mask: bigint; value: bigint }

/** Any row suffices; within a row every compare must hold. [[]] always matches. */
export type Rows = Compare[][]

const operators = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 4,
} as const

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n

/** The compare on the low `bits` of the argument, the rest ignored. */
function within(argument: SeccompArgument, bits: number): Compare {
  const { index, op } = argument
  const isMasked = op === 'SCMP_CMP_MASKED_EQ'
  return {
    index,
    operator: operators[op],
    mask: isMasked ? BigInt(argument.value) & ones(bits) : ones(bits),
    value: BigInt(isMasked ? (argument.valueTwo ?? 0) : argument.value),
  }
}

/** What is wrong with a compare whatever its action, or undefined. */
export function compareFault(call: string, argument: SeccompArgument): string | undefined {
  const limit = ones(argumentBits(call, argument.index) ?? 64)
  const value = BigInt(argument.value)
  const datum = BigInt(argument.valueTwo ?? 0)
  if (argument.op === 'SCMP_CMP_MASKED_EQ') {
    if ((datum & ~value) !== 0n) return 'valueTwo has bits outside the mask: it can never match'
    if ((value & limit) === 0n) return 'the mask has no bit of this argument: it compares nothing'
    return datum > limit ? `valueTwo does not fit argument ${argument.index} of ${call}` : undefined
  }
  if (value > limit) return `the value does not fit argument ${argument.index} of ${call}`
  if (argument.op === 'SCMP_CMP_LT' && value === 0n) return 'nothing is less than 0'
  if (argument.op === 'SCMP_CMP_GT' && value === limit) return 'nothing is greater than this value'
  return undefined
}

/** The rows of one compare of a call, for an action that permits or refuses. */
export function widen(call: string, argument: SeccompArgument, permits: boolean): Rows {
  const bits = argumentBits(call, argument.index)
  if (bits !== undefined) return [[within(argument, bits)]]
  const full = within(argument, 64)
  // A mask names its bits itself, and a value above 32 bits has no 32-bit reading.
  if (argument.op === 'SCMP_CMP_MASKED_EQ' || full.value > ones(32)) return [[full]]
  const low = within(argument, 32)
  return permits ? [[full, low]] : [[full], [low]]
}

/** All ways the arguments of one entry can match: at most 2^6 rows of at most 12 compares. */
export function combine(parts: readonly Rows[]): Rows {
  let rows: Rows = [[]]
  for (const part of parts) {
    rows = rows.flatMap((row) => part.map((more) => [...row, ...more]))
  }
  return rows
}
