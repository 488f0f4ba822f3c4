// The form of a job: the schema, and what a schema cannot say. All faults at once, each with its JSON pointer.
import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { JobSpec } from '../contract/job.js'
import type { Violation } from '../contract/verdict.js'
import { pointer } from './pointer.js'

const check = Compile(JobSpec)
/** Faults that one answer lists at most: enough for any honest mistake, not enough to be a load. */
export const faultsMax = 100

export type CheckedSpec = { ok: true; spec: JobSpec } | { ok: false; violations: Violation[] }

const fault = (place: string, message: string): Violation => ({
  rule: 'schema',
  pointer: place,
  message,
})

/** The library stops at eight faults, process-wide; ours is raised around our own call and put back. */
function schemaFaults(value: unknown): Violation[] {
  const before = Settings.Get().maxErrors
  Settings.Set({ maxErrors: faultsMax * 2 })
  try {
    const found = new Map<string, Violation>()
    for (const error of check.Errors(value)) {
      // The library tells of an unknown field twice: once at its parent, once at itself as "schema is false".
      if (error.keyword === 'additionalProperties') continue
      const message = error.keyword === 'boolean' ? 'is not a known field' : error.message
      const key = `${error.instancePath} ${message}`
      if (!found.has(key) && found.size < faultsMax)
        found.set(key, fault(error.instancePath, message))
    }
    return [...found.values()]
  } finally {
    Settings.Set({ maxErrors: before })
  }
}

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Linear: a text that base64 cannot be is found by its length before any pattern is tried. */
function base64Fault(place: string, text: string | undefined): Violation[] {
  if (text === undefined || (text.length % 4 === 0 && base64Pattern.test(text))) return []
  return [fault(place, 'is not base64 (RFC 4648, with padding)')]
}

function formFaults(spec: JobSpec): Violation[] {
  const faults: Violation[] = []
  const byLanguage = spec.language !== undefined
  const byImage = spec.image !== undefined
  if (byLanguage === byImage)
    faults.push(fault('', 'needs either language and source, or image and command'))
  if (byLanguage && spec.source === undefined)
    faults.push(fault('/source', 'is required with language'))
  if (byImage && spec.command === undefined)
    faults.push(fault('/command', 'is required with image'))
  if (!byLanguage && spec.source !== undefined) faults.push(fault('/source', 'needs language'))
  if (!byLanguage && spec.arguments !== undefined)
    faults.push(fault('/arguments', 'needs language; with image they are part of command'))
  if (!byImage && spec.command !== undefined) faults.push(fault('/command', 'needs image'))
  if (spec.stdin !== undefined && spec.stdinBase64 !== undefined)
    faults.push(fault('/stdinBase64', 'is a second standard input'))
  faults.push(...base64Fault('/stdinBase64', spec.stdinBase64))
  for (const [index, file] of (spec.files ?? []).entries()) {
    const place = pointer('files', index)
    if ((file.content === undefined) === (file.contentBase64 === undefined))
      faults.push(fault(place, 'needs either content or contentBase64'))
    faults.push(...base64Fault(`${place}/contentBase64`, file.contentBase64))
  }
  return faults
}

/** Texts that are not Unicode would be changed on their way into the sandbox, so they are refused. */
function surrogateFaults(value: unknown, place: string, faults: Violation[]): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) faults.push(fault(place, 'has a lone surrogate, which is no text'))
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      const inside = `${place}${pointer(name)}`
      if (!name.isWellFormed()) faults.push(fault(inside, 'has a lone surrogate in its name'))
      surrogateFaults(member, inside, faults)
    }
  }
}

/** Never throws, whatever the value. */
export function checkJobSpec(value: unknown): CheckedSpec {
  if (!check.Check(value)) return { ok: false, violations: schemaFaults(value) }
  const faults = formFaults(value)
  surrogateFaults(value, '', faults)
  return faults.length === 0
    ? { ok: true, spec: value }
    : { ok: false, violations: faults.slice(0, faultsMax) }
}
