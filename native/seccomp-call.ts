// A system call as a person reads it: its name, which kind of it by the arguments that a filter looked at, its answer.
import { constants } from 'node:os'
import type { Calls } from '../contract/launch.js'
import { seccompAddon } from './seccomp-addon.js'
import { laterCalls } from './seccomp-resolve.js'

/** One call of a CALLS frame. */
export type SeenCall = Calls['calls'][number]

const laterNames = new Map([...laterCalls].map(([name, number]) => [number, name]))

/** What the arguments that filters look at are called in their manual pages. */
const argumentNames: Readonly<Record<string, readonly (string | undefined)[]>> = {
  arch_prctl: ['operation'],
  bpf: ['command'],
  clone: ['flags'],
  fcntl: [undefined, 'command'],
  ioctl: [undefined, 'request'],
  keyctl: ['operation'],
  memfd_create: [undefined, 'flags'],
  mmap: [undefined, undefined, 'protection', 'flags'],
  mprotect: [undefined, undefined, 'protection'],
  personality: ['persona'],
  prctl: ['option'],
  seccomp: ['operation', 'flags'],
  sendmmsg: [undefined, undefined, undefined, 'flags'],
  sendmsg: [undefined, undefined, 'flags'],
  sendto: [undefined, undefined, undefined, 'flags'],
  setsockopt: [undefined, 'level', 'option'],
  socket: ['family', 'type', 'protocol'],
  socketpair: ['family', 'type', 'protocol'],
  unshare: ['flags'],
}

/** Above it lies what a program has as a negative number: syscall(-1). */
const int32Max = 0x7fffffff

const errnoNames = new Map(
  Object.entries(constants.errno)
    .reverse()
    .map(([name, number]) => [number, name]),
)

/** The name of a number on this machine, or null when nobody knows one. */
export function callName(number: number): string | null {
  if (number > int32Max) return null
  return seccompAddon().nameOf(number) ?? laterNames.get(number) ?? null
}

/** AUDIT_ARCH_… (linux/audit.h) of the architectures that we run on, and of those whose door is open beside theirs. */
const auditX86 = 0xc000003e
const ownArchitectures: readonly number[] = [auditX86, 0xc00000b7]
const doors = new Map([
  [0x40000003, 'i386'],
  [0x40000028, 'arm'],
])
/** x32 has its numbers behind this bit (asm/unistd.h, __X32_SYSCALL_BIT). */
const x32Bit = 0x40000000

/** By which door a call came, if not by this architecture's own. */
function doorOf({ architecture, number }: SeenCall): string | null {
  if (!ownArchitectures.includes(architecture))
    return doors.get(architecture) ?? `architecture 0x${architecture.toString(16)}`
  return architecture === auditX86 && number >= x32Bit && number <= int32Max ? 'x32' : null
}

/** A small number as people say it, flags and requests as headers write them. */
function valueText(value: bigint): string {
  return value < 4096n ? value.toString() : `0x${value.toString(16)}`
}

/** For a result: `syscall 470` where the number has no name, `20 of i386` where it is another door's. */
export function describeCall(seen: SeenCall): { syscall: string; argumentClass?: string } {
  const door = doorOf(seen)
  if (door !== null) return { syscall: `${seen.number % x32Bit} of ${door}` }
  const syscall = callName(seen.number) ?? `syscall ${seen.number | 0}`
  if (seen.arguments.length === 0) return { syscall }
  const parts = seen.arguments.map(({ index, value }) => {
    const name = argumentNames[syscall]?.[index] ?? `argument ${index}`
    return `${name} ${valueText(BigInt(`0x${value}`))}`
  })
  return { syscall, argumentClass: `${syscall} ${parts.join(', ')}` }
}

export function answerText({ answer, errno }: SeenCall): string {
  if (answer !== 'errno') return 'killed'
  return errnoNames.get(errno) ?? `errno ${errno}`
}
