// What a program did under a profile → the smallest profile of Docker's form that lets it do that again.

import type { Calls } from '../contract/launch.js'
import type { SeccompEntry, SeccompProfile } from '../contract/profile.js'
import type { SeccompLearned } from '../contract/result.js'
import { nativeArchitecture } from './seccomp-addon.js'
import { callName, type SeenCall } from './seccomp-call.js'
import type { PermittedCall } from './seccomp-layers.js'

const ENOSYS = 38

/** Between filter and program the launcher waits, executes, and reports; a signal returns by a call of its own. */
const alwaysNeeded = ['read', 'write', 'execve', 'exit_group', 'rt_sigreturn', 'restart_syscall']

/** Refuses every call, in two instructions (struct sock_filter: load the number; answer EPERM): audited, every call is told. */
export function everyCallProgram(): Buffer {
  const program = Buffer.alloc(16)
  program.writeUInt16LE(0x20, 0)
  program.writeUInt16LE(0x06, 8)
  program.writeUInt32LE(0x00050001, 12)
  return program
}

/** One entry for a call in the form in which it was seen, or null when JSON cannot say the number. */
function entryOf(name: string, seen: SeenCall): SeccompEntry | null {
  const args = seen.arguments.map(({ index, value }) => ({
    index,
    value: Number(BigInt(`0x${value}`)),
    op: 'SCMP_CMP_EQ' as const,
  }))
  if (args.some(({ value }) => !Number.isSafeInteger(value))) return null
  return { names: [name], action: 'SCMP_ACT_ALLOW', args }
}

type Sorted = { plain: Set<string>; entries: SeccompEntry[]; isComplete: boolean }

function sortSeen(calls: Calls): Sorted {
  const sorted: Sorted = { plain: new Set(), entries: [], isComplete: calls.notListed === 0 }
  for (const seen of calls.calls) {
    const name = callName(seen.number)
    const entry = name === null || seen.arguments.length === 0 ? null : entryOf(name, seen)
    if (name !== null && seen.arguments.length === 0) sorted.plain.add(name)
    else if (entry !== null) sorted.entries.push(entry)
    else sorted.isComplete = false
  }
  return sorted
}

const firstName = (entry: SeccompEntry): string => entry.names?.[0] ?? ''

/** Within a call by the values of its arguments, so that two runs of one program give one text. */
const orderOf = (entry: SeccompEntry): string =>
  `${firstName(entry)} ${(entry.args ?? []).map(({ index, value }) => `${index}:${value}`.padStart(20)).join()}`

/** The proposal, and what it takes away from the profile that was in force. */
export function learnProfile(calls: Calls, permitted: readonly PermittedCall[]): SeccompLearned {
  const { plain, entries, isComplete } = sortSeen(calls)
  const seen = new Set([...plain, ...entries.map(firstName)])
  const names = [...new Set([...plain, ...alwaysNeeded])].sort()
  const kept = entries
    .filter((entry) => !names.includes(firstName(entry)))
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
  const profile: SeccompProfile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: ENOSYS,
    architectures: [`SCMP_ARCH_${nativeArchitecture().toUpperCase()}`],
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }, ...kept],
  }
  const proposed = new Set([...names, ...kept.map(firstName)])
  return {
    profile,
    used: seen.size,
    unused: permitted.map(({ name }) => name).filter((name) => !proposed.has(name)),
    narrowed: [...new Set(kept.map(firstName))],
    complete: isComplete,
  }
}
