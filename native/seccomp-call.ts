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

const errnoNames = new Map(
  Object.entries(constants.errno)
    .reverse()
    .map(([name, number]) => [number, name]),
)

/** The name of a number on this machine, or null when nobody knows one. */
export function callName(number: number): string | null {
  return seccompAddon().nameOf(number) ?? laterNames.get(number) ?? null
}

/** A small number as people say it, flags and requests as headers write them. */
function valueText(value: bigint): string {
  return value < 4096n ? value.toString() : `0x${value.toString(16)}`
}

/** For a result: `syscall 470` where the number has no name. */
export function describeCall(seen: SeenCall): { syscall: string; argumentClass?: string } {
  const syscall = callName(seen.number) ?? `syscall ${seen.number}`
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
