// Variables that a step leaves for those after it, in a file that it writes: `NAME=value` lines, or `NAME<<END` up to a line END, as
// runners of others have it. The file is read from inside the sandbox, and what it says goes nowhere but back into it.
import type { Plan, PlanStep } from '../contract/plan.js'
import { type PassedOn, passedBytesMax, passedFile, passedVariablesMax } from '../contract/step.js'
import type { Sandbox } from '../native/launch-client.js'
import type { Programs } from '../native/launch-encode.js'
import { attestCollector } from './collector.js'

export type Passed = { readonly variables: ReadonlyMap<string, string>; readonly leftOut: number }

export const nothingPassed: Passed = { variables: new Map(), leftOut: 0 }

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A variable, and how many lines it took; null where the first line says none. */
function variableAt(lines: readonly string[], at: number): [string, string, number] | null {
  const line = lines[at] ?? ''
  const [, name = '', sign = '', rest = ''] = /^([^=<]*)(=|<<)(.*)$/s.exec(line) ?? []
  if (!namePattern.test(name)) return null
  if (sign === '=') return [name, rest, 1]
  const end = lines.indexOf(rest, at + 1)
  return end === -1 || rest === ''
    ? null
    : [name, lines.slice(at + 1, end).join('\n'), end - at + 1]
}

/** What the text of such a file says. */
export function passedIn(bytes: Buffer): Passed {
  const variables = new Map<string, string>()
  let leftOut = 0
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return { variables, leftOut: 1 }
  }
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; ) {
    const found = lines[at] === '' ? null : variableAt(lines, at)
    const isTaken =
      found !== null &&
      !found[1].includes('\0') &&
      (variables.has(found[0]) || variables.size < passedVariablesMax)
    if (isTaken) variables.set(found[0], found[1])
    else if (lines[at] !== '') leftOut += 1
    at += found?.[2] ?? 1
  }
  return { variables, leftOut }
}

/** What a result tells of it; nothing when the file was empty. */
export function tellPassed({ variables, leftOut }: Passed): { passedOn?: PassedOn } {
  if (variables.size === 0 && leftOut === 0) return {}
  return { passedOn: { variables: [...variables.keys()], leftOut } }
}

const collectorMs = 5000
const collectorMemoryBytes = 16_777_216

/** Reads the file. Whatever a job has put in its place instead passes nothing on. @throws LaunchError */
export async function readPassed(
  sandbox: Sandbox,
  plan: Plan,
  programs: Programs,
): Promise<Passed> {
  const pieces: Buffer[] = []
  let isOther = false
  const ask = {
    ...{ root: '/', paths: [passedFile.slice(1)], contents: true, entries: 1, files: 1 },
    ...{ bytes: passedBytesMax, fileBytes: passedBytesMax, nameBytes: 4096, depth: 1 },
    ...{ wallMs: collectorMs, cpuMs: collectorMs, memoryBytes: collectorMemoryBytes },
  }
  const summary = await sandbox.collect(ask, programs, {
    onStarted: (started) => attestCollector(started, plan, collectorMemoryBytes),
    onFile() {},
    onBytes: (bytes) => pieces.push(Buffer.from(bytes)),
    onLeftOut(_path, reason) {
      isOther ||= reason !== 'missing'
    },
  })
  if (summary === null || isOther) return { variables: new Map(), leftOut: isOther ? 1 : 0 }
  return passedIn(Buffer.concat(pieces))
}

/** The launcher takes one frame, and the kernel a quarter of the stack (execve(2)): below both, with room for what else is there. */
const roomBytes = ({ stackBytes }: PlanStep): number =>
  Math.min(Math.floor(stackBytes / 4), 1_048_576) - 8192

/** A variable’s NUL, and its pointer or its key in the launcher’s frame, whichever is more. */
const overheadBytes = 14

/**
 * The environment of a step: its own over what was passed on, and that over the job’s. Secrets, which are in no plan, come last. What
 * has no room is left out from the end of what was passed on.
 */
export function environmentWith(
  step: PlanStep,
  passed: ReadonlyMap<string, string>,
  secrets: ReadonlyMap<string, string>,
): string[] {
  const all = new Map(step.environment.map((one) => [one.slice(0, one.indexOf('=')), one]))
  for (const [name, value] of secrets) all.set(name, `${name}=${value}`)
  const sizeOf = (text: string): number => Buffer.byteLength(text) + overheadBytes
  let used = [...all.values(), ...step.argv].reduce((sum, one) => sum + sizeOf(one), 0)
  for (const [name, value] of passed) {
    if (step.ownVariables.includes(name) || secrets.has(name)) continue
    const text = `${name}=${value}`
    used += sizeOf(text)
    if (used <= roomBytes(step) && text.length < 131_072) all.set(name, text)
  }
  return [...all.values()]
}
