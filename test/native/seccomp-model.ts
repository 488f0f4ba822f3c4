// Two independent readings of a seccomp profile, to hold against each other: what the document says (a direct
// evaluation, no layers, no libseccomp), and what the compiled program does (a classic BPF interpreter).
import type { SeccompArgument, SeccompEntry, SeccompProfile } from '../../contract/profile.js'
import { type Architecture, seccompAddon } from '../../native/seccomp-addon.js'
import { argumentBits } from '../../native/seccomp-width.js'
import type { Call } from './seccomp-tools.js'

const auditArchitecture: Readonly<Record<Architecture, number>> = {
  x86_64: 0xc000003e,
  aarch64: 0xc00000b7,
}

const actions: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL: 0,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
}

export const actionOf = (action: string, errnoRet: number | null | undefined): number =>
  (actions[action] ?? 0) + (action === 'SCMP_ACT_ERRNO' ? (errnoRet ?? 1) : 0)

/** seccomp(2): the action of highest precedence, read as a signed number, is the smallest. */
const precedence = (action: number): number => action | 0

function holds(argument: SeccompArgument, actual: bigint): boolean {
  const value = BigInt(argument.value)
  switch (argument.op) {
    case 'SCMP_CMP_EQ':
      return actual === value
    case 'SCMP_CMP_NE':
      return actual !== value
    case 'SCMP_CMP_LT':
      return actual < value
    case 'SCMP_CMP_LE':
      return actual <= value
    case 'SCMP_CMP_GE':
      return actual >= value
    case 'SCMP_CMP_GT':
      return actual > value
    case 'SCMP_CMP_MASKED_EQ':
      return (actual & value) === BigInt(argument.valueTwo ?? 0)
  }
}

function argumentMatches(name: string, entry: SeccompEntry, argument: SeccompArgument, call: Call) {
  const full = BigInt.asUintN(64, call.arguments[argument.index] ?? 0n)
  const bits = argumentBits(name, argument.index)
  if (bits !== undefined) {
    const mask = argument.op === 'SCMP_CMP_MASKED_EQ'
    const value = mask ? Number(BigInt.asUintN(bits, BigInt(argument.value))) : argument.value
    return holds({ ...argument, value }, BigInt.asUintN(bits, full))
  }
  const inFull = holds(argument, full)
  if (argument.op === 'SCMP_CMP_MASKED_EQ' || argument.value > 0xffffffff) return inFull
  const inLow = holds(argument, BigInt.asUintN(32, full))
  const permits = entry.action === 'SCMP_ACT_ALLOW' || entry.action === 'SCMP_ACT_LOG'
  return permits ? inFull && inLow : inFull || inLow
}

/** What the document says of a call. `entries` are those that apply here, the base's first. */
export function evaluate(
  entries: readonly SeccompEntry[],
  defaultAction: number,
  name: string,
  call: Call,
): number {
  const matching = entries.filter(
    (entry) =>
      (entry.names ?? [entry.name]).includes(name) &&
      (entry.args ?? []).every((argument) => argumentMatches(name, entry, argument, call)),
  )
  const strictest = (list: readonly SeccompEntry[]): number | undefined =>
    list
      .map((entry) => actionOf(entry.action, entry.errnoRet))
      .sort((a, b) => {
        const errno = (action: number) =>
          action >= 0x50000 && action <= 0x5ffff ? 0x50000 : action
        return precedence(errno(a)) - precedence(errno(b))
      })[0]
  const otherwise = matching.filter((entry) => entry.otherwise === true)
  return (
    strictest(matching.filter((entry) => entry.otherwise !== true)) ??
    strictest(otherwise.filter((entry) => (entry.args ?? []).length > 0)) ??
    strictest(otherwise) ??
    defaultAction
  )
}

/** Entries after one level of `extends`, computed here once more and not by the code under test. */
export function flatten(own: SeccompProfile, base?: SeccompProfile): SeccompEntry[] {
  const removed = new Set(own.remove ?? [])
  const kept = (base?.syscalls ?? []).map((entry) => ({
    ...entry,
    names: (entry.names ?? []).filter((name) => !removed.has(name)),
  }))
  return [...kept, ...(own.syscalls ?? [])]
}

/** Numbers of an architecture's calls, by name, for those that exist. */
export function numbersOf(names: Iterable<string>, architecture: Architecture) {
  const numbers = new Map<string, number>()
  for (const name of names) {
    const number = seccompAddon().resolve(name, architecture)
    if (number >= 0) numbers.set(name, number)
  }
  return numbers
}

type Instruction = { code: number; jumpTrue: number; jumpFalse: number; k: number }

const decoded = new WeakMap<Buffer, Instruction[]>()

function decode(program: Buffer): Instruction[] {
  const known = decoded.get(program)
  if (known !== undefined) return known
  const list: Instruction[] = []
  decoded.set(program, list)
  for (let at = 0; at < program.length; at += 8) {
    list.push({
      code: program.readUInt16LE(at),
      jumpTrue: program.readUInt8(at + 2),
      jumpFalse: program.readUInt8(at + 3),
      k: program.readUInt32LE(at + 4),
    })
  }
  return list
}

/** struct seccomp_data: nr, arch, instruction pointer, six arguments. */
function dataOf(architecture: number, call: Call): Buffer {
  const data = Buffer.alloc(64)
  data.writeInt32LE(call.number | 0, 0)
  data.writeUInt32LE(architecture, 4)
  for (let index = 0; index < 6; index += 1) {
    const value = BigInt.asUintN(64, call.arguments[index] ?? 0n)
    data.writeBigUInt64LE(value, 16 + index * 8)
  }
  return data
}

const compares: Readonly<Record<number, (accumulator: number, k: number) => boolean>> = {
  21: (accumulator, k) => accumulator === k,
  37: (accumulator, k) => accumulator > k,
  53: (accumulator, k) => accumulator >= k,
  69: (accumulator, k) => (accumulator & k) !== 0,
}

/** Runs the program as the kernel would. Throws on an instruction libseccomp should not have made. */
export function interpret(
  program: Buffer,
  architecture: Architecture | number,
  call: Call,
): number {
  const token = typeof architecture === 'number' ? architecture : auditArchitecture[architecture]
  const data = dataOf(token, call)
  const list = decode(program)
  let accumulator = 0
  for (let at = 0; at < list.length; at += 1) {
    const { code, jumpTrue, jumpFalse, k } = list[at] ?? {
      code: -1,
      jumpTrue: 0,
      jumpFalse: 0,
      k: 0,
    }
    const compare = compares[code]
    if (compare !== undefined) at += compare(accumulator, k) ? jumpTrue : jumpFalse
    else if (code === 0x20) accumulator = data.readUInt32LE(k)
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0
    else if (code === 0x05) at += k
    else if (code === 0x06) return k
    else throw new Error(`instruction ${code} at ${at}`)
  }
  throw new Error('the program fell off its end')
}
