// A compiled profile → the seccomp section of an OCI config, which says the same of every call.
//
// Two things of ours that section cannot say: that the strictest of several entries wins, and `otherwise`. A runtime gives rules to
// libseccomp one by one, which promises no order among those that overlap. So what is written never overlaps: the argument space of a
// call is cut into cubes (some bits of each argument fixed, the others free), each with one action, and a cube is one rule of masked
// compares, at most one an argument, since runtimes read two on one argument as alternatives.
import type { OciSeccomp, OciSyscall } from '../contract/oci.js'
import type { CompiledSeccomp } from './seccomp.js'
import { nativeArchitecture } from './seccomp-addon.js'
import type { Compare } from './seccomp-compare.js'
import type { Rule } from './seccomp-request.js'

/** Bits that are fixed, and to what, for each of the six arguments. */
type Cube = { readonly fixed: readonly { readonly mask: bigint; readonly value: bigint }[] }
type Piece = { readonly action: number; readonly cube: Cube }

const wholeArgument = (1n << 64n) - 1n
const free: Cube = { fixed: Array.from({ length: 6 }, () => ({ mask: 0n, value: 0n })) }
const fix = (cube: Cube, index: number, mask: bigint, value: bigint): Cube => ({
  fixed: cube.fixed.map((one, at) =>
    at === index ? { mask: one.mask | mask, value: one.value | (value & mask) } : one,
  ),
})

const bitsOf = (mask: bigint): bigint[] =>
  Array.from({ length: 64 }, (_, at) => 1n << BigInt(63 - at)).filter((bit) => (mask & bit) !== 0n)

/** What both hold, or null. */
function intersection(one: Cube, other: Cube): Cube | null {
  const apart = one.fixed.some(({ mask, value }, at) => {
    const there = other.fixed[at] ?? { mask: 0n, value: 0n }
    return (mask & there.mask & (value ^ there.value)) !== 0n
  })
  if (apart) return null
  return other.fixed.reduce((cube, { mask, value }, at) => fix(cube, at, mask, value), one)
}

/** Highest first: few pieces, as long as values are small. Of a whole argument lowest first: masks that JSON can carry. */
const inOrder = (mask: bigint, whole: boolean): bigint[] =>
  whole ? bitsOf(mask).reverse() : bitsOf(mask)

/** `cube` without `taken`, in pieces that do not overlap: one for each bit that `taken` fixes and `cube` leaves free. */
function difference(cube: Cube, taken: Cube): Cube[] {
  if (intersection(cube, taken) === null) return [cube]
  const pieces: Cube[] = []
  let rest = cube
  taken.fixed.forEach(({ mask, value }, index) => {
    const open = mask & ~(rest.fixed[index]?.mask ?? 0n)
    for (const bit of inOrder(open, mask === wholeArgument)) {
      pieces.push(fix(rest, index, bit, ~value))
      rest = fix(rest, index, bit, value)
    }
  })
  return pieces
}

/** `mask` must be the lowest bits: the others order nothing. */
function below(index: number, mask: bigint, limit: bigint): Cube[] {
  return bitsOf(mask)
    .filter((bit) => (limit & bit) !== 0n)
    .map((bit) => fix(free, index, mask & ~(bit - 1n), (limit & ~(bit - 1n)) ^ bit))
}

/** Operators are those of native/addon/request.h: 1 ≠, 2 <, 3 ≤, 4 =, 5 ≥, 6 >. */
function cubesOf({ index, operator, mask, value }: Compare): Cube[] {
  const equal = fix(free, index, mask, value)
  if (operator === 4) return [equal]
  if (operator === 1) return difference(free, equal)
  if (operator === 2) return below(index, mask, value)
  const upTo = value >= mask ? [free] : below(index, mask, value + 1n)
  if (operator === 3) return upTo
  const less = operator === 5 ? below(index, mask, value) : upTo
  return less.reduce<Cube[]>((kept, one) => kept.flatMap((cube) => difference(cube, one)), [free])
}

function cubesOfRule(rule: Rule): Cube[] {
  return rule.compares.reduce<Cube[]>(
    (cubes, compare) =>
      cubes.flatMap((cube) => cubesOf(compare).flatMap((part) => intersection(cube, part) ?? [])),
    [free],
  )
}

/** The rules of one call in the order in which they decide → pieces, none over another. */
function piecesOf(rules: readonly Rule[]): Piece[] {
  const pieces: Piece[] = []
  let undecided: Cube[] = [free]
  for (const rule of rules) {
    for (const taken of cubesOfRule(rule)) {
      const parts = undecided.flatMap((cube) => intersection(cube, taken) ?? [])
      pieces.push(...parts.map((cube) => ({ action: rule.action, cube })))
      undecided = undecided.flatMap((cube) => difference(cube, taken))
    }
  }
  return pieces
}

const actionNames: ReadonlyMap<number, OciSyscall['action']> = new Map([
  [0x80000000, 'SCMP_ACT_KILL_PROCESS'],
  [0, 'SCMP_ACT_KILL_THREAD'],
  [0x00030000, 'SCMP_ACT_TRAP'],
  [0x7ffc0000, 'SCMP_ACT_LOG'],
  [0x7fff0000, 'SCMP_ACT_ALLOW'],
])

function actionOf(action: number): Pick<OciSyscall, 'action' | 'errnoRet'> {
  const name = actionNames.get(action)
  return name === undefined
    ? { action: 'SCMP_ACT_ERRNO', errnoRet: action & 0xffff }
    : { action: name }
}

const numbersOf = ({ mask, value }: Cube['fixed'][number]): bigint[] =>
  mask === wholeArgument ? [value] : [mask, value]

const isWhole = (cube: Cube): boolean => cube.fixed.every(({ mask }) => mask === 0n)

/** JSON numbers are doubles: above 2^53 - 1 another value could be read than was meant. */
const isPortable = (cube: Cube): boolean =>
  cube.fixed.flatMap(numbersOf).every((number) => number <= BigInt(Number.MAX_SAFE_INTEGER))

function argumentsOf(cube: Cube): Pick<OciSyscall, 'args'> {
  const fixed = cube.fixed
    .map((one, index) => ({ ...one, index }))
    .filter(({ mask }) => mask !== 0n)
  return {
    args: fixed.map(({ mask, value, index }) =>
      mask === wholeArgument
        ? { index, value: Number(value), op: 'SCMP_CMP_EQ' as const }
        : {
            index,
            value: Number(mask),
            valueTwo: Number(value),
            op: 'SCMP_CMP_MASKED_EQ' as const,
          },
    ),
  }
}

const permits = (action: number): boolean => action >= 0x7ffc0000 && action < 0x80000000

/** A refusal that numbers cannot carry is left to the default, if that refuses too: only the errno is another one then. */
function mustBeWritten(name: string, { action, cube }: Piece, defaultAction: number): boolean {
  if (action === defaultAction) return false
  if (isPortable(cube)) return true
  if (permits(action) || permits(defaultAction))
    throw new RangeError(`${name} is compared in bits above the 53rd`)
  return false
}

/** Calls without compares that share an action, in one entry each; those with compares after them. */
export function ociSeccomp({ layers, callNames }: CompiledSeccomp): OciSeccomp {
  const defaultAction = layers.at(-1)?.defaultAction
  if (defaultAction === undefined) throw new Error('a compiled profile has a default')
  const rules = layers.flatMap((layer) => layer.rules)
  const whole = new Map<number, string[]>()
  const compared: OciSyscall[] = []
  for (const [call, name] of [...callNames].sort(([, one], [, other]) => (one < other ? -1 : 1))) {
    const pieces = piecesOf(rules.filter((rule) => rule.call === call))
    for (const piece of pieces.filter((one) => mustBeWritten(name, one, defaultAction))) {
      const { action, cube } = piece
      if (isWhole(cube)) whole.set(action, [...(whole.get(action) ?? []), name])
      else compared.push({ names: [name], ...actionOf(action), ...argumentsOf(cube) })
    }
  }
  const { action, errnoRet } = actionOf(defaultAction)
  return {
    defaultAction: action,
    ...(errnoRet === undefined ? {} : { defaultErrnoRet: errnoRet }),
    architectures: [nativeArchitecture() === 'x86_64' ? 'SCMP_ARCH_X86_64' : 'SCMP_ARCH_AARCH64'],
    syscalls: [...[...whole].map(([one, names]) => ({ names, ...actionOf(one) })), ...compared],
  }
}
