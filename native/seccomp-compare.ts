// One argument compare of a profile → the compares libseccomp may be given, none of which a high bit can dodge.
//
// libseccomp can mask only for equality, so every other 32-bit compare is spelled out as masked equalities
// over bit prefixes (x > v means: some higher bits equal, then a 1 where v has a 0). Arguments that are not
// known to be narrow are judged in both readings: what permits must hold for the 64 bits and for the low 32,
// what denies need hold for one of them.
import type { SeccompArgument } from '../contract/profile.js'
import { argumentBits } from './seccomp-width.js'

/** One libseccomp compare. `operator` is enum scmp_compare; `first` is the mask when it is MASKED_EQ. */
export type Compare = { index: number; operator: number; first: bigint; second: bigint }

const operators = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
} as const

/** A set of arguments: any of the alternatives; the empty list never matches; `always` needs no compare. */
export type Alternatives = { always: true } | { always: false; compares: Compare[] }

const some = (compares: Compare[]): Alternatives => ({ always: false, compares })

const masked = (index: number, mask: bigint, value: bigint): Compare => ({
  index,
  operator: operators.SCMP_CMP_MASKED_EQ,
  first: mask,
  second: value & mask,
})

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n

/** The mask of bit `bit` and every higher one, within `bits`. */
const prefix = (bits: number, bit: bigint): bigint => ones(bits) & ~((1n << bit) - 1n)

function eachBit(bits: number, make: (bit: bigint) => Compare | undefined): Compare[] {
  const found: Compare[] = []
  for (let bit = 0; bit < bits; bit += 1) {
    const compare = make(BigInt(bit))
    if (compare !== undefined) found.push(compare)
  }
  return found
}

const differs = (index: number, bits: number, value: bigint): Compare[] =>
  eachBit(bits, (bit) => masked(index, 1n << bit, ~value))

const greater = (index: number, bits: number, value: bigint): Compare[] =>
  eachBit(bits, (bit) =>
    (value >> bit) & 1n
      ? undefined
      : masked(index, prefix(bits, bit), ((value >> bit) | 1n) << bit),
  )

const less = (index: number, bits: number, value: bigint): Compare[] =>
  eachBit(bits, (bit) =>
    (value >> bit) & 1n
      ? masked(index, prefix(bits, bit), ((value >> bit) & ~1n) << bit)
      : undefined,
  )

/** The compare on the low `bits` of the argument, the rest ignored. `value` fits into `bits`. */
function narrow(argument: SeccompArgument, bits: number): Alternatives {
  const { index } = argument
  const value = BigInt(argument.value)
  switch (argument.op) {
    case 'SCMP_CMP_EQ':
      return some([masked(index, ones(bits), value)])
    case 'SCMP_CMP_NE':
      return some(differs(index, bits, value))
    case 'SCMP_CMP_GT':
      return some(greater(index, bits, value))
    case 'SCMP_CMP_GE':
      return value === 0n ? { always: true } : some(greater(index, bits, value - 1n))
    case 'SCMP_CMP_LT':
      return some(less(index, bits, value))
    case 'SCMP_CMP_LE':
      return value === ones(bits) ? { always: true } : some(less(index, bits, value + 1n))
    case 'SCMP_CMP_MASKED_EQ':
      return some([masked(index, value & ones(bits), BigInt(argument.valueTwo ?? 0))])
  }
}

function wide(argument: SeccompArgument): Alternatives {
  const first = BigInt(argument.value)
  const second = BigInt(argument.valueTwo ?? 0)
  if (argument.op === 'SCMP_CMP_GE' && first === 0n) return { always: true }
  return some([{ index: argument.index, operator: operators[argument.op], first, second }])
}

/** For 64-bit or unknown arguments: the stricter of the two readings, seen from the action. */
function unknownWidth(argument: SeccompArgument, permits: boolean): Alternatives {
  if (BigInt(argument.value) > ones(32)) return wide(argument)
  switch (argument.op) {
    case 'SCMP_CMP_MASKED_EQ':
      return wide(argument)
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_LT':
    case 'SCMP_CMP_LE':
      return permits ? wide(argument) : narrow(argument, 32)
    case 'SCMP_CMP_NE':
    case 'SCMP_CMP_GT':
    case 'SCMP_CMP_GE':
      return permits ? narrow(argument, 32) : wide(argument)
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

/** The alternatives of one compare for a call, for an action that permits or refuses. */
export function widen(call: string, argument: SeccompArgument, permits: boolean): Alternatives {
  const bits = argumentBits(call, argument.index)
  return bits === undefined ? unknownWidth(argument, permits) : narrow(argument, bits)
}

/** How many rows `combine` would make; counted first, because six ranges could ask for billions. */
export function combinations(parts: readonly Alternatives[]): number {
  return parts.reduce((count, part) => (part.always ? count : count * part.compares.length), 1)
}

/** All ways the arguments of one entry can match: every combination of one alternative each. */
export function combine(parts: readonly Alternatives[]): Compare[][] {
  let rows: Compare[][] = [[]]
  for (const part of parts) {
    if (part.always) continue
    rows = rows.flatMap((row) => part.compares.map((compare) => [...row, compare]))
  }
  return rows
}
