// What the schema of a job cannot say: fields that need or exclude each other, text that no kernel or UTF-8 writer takes,
// base64 that is not, names given twice.
import type { JobSpec } from '../contract/job.js'
import type { JobFile } from '../contract/job-file.js'
import { type JobSecret, secretBytesMin, secretBytesOf } from '../contract/secret.js'
import type { JobStep } from '../contract/step.js'
import { segment } from './ask.js'
import type { Fault } from './schema-walk.js'
import { faultsMax } from './schema-walk.js'
import { checkTestForm } from './test-form.js'
import { quote } from './wording.js'

type Report = (pointer: string, message: string) => void

/** Fields whose text is data: NUL is a byte like any other there. */
const dataFields: ReadonlySet<string> = new Set(['source', 'stdin', 'content', 'value', 'expected'])

type WellFormed = { isWellFormed(): boolean }
/** Without lone surrogates, which have no UTF-8. Node 20 has it; the ES2023 types do not. */
function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormed).isWellFormed()
}

function checkText(text: string, isData: boolean, pointer: string, report: Report): void {
  if (!isWellFormed(text))
    report(pointer, 'Has a lone surrogate, which cannot be written as UTF-8.')
  if (!isData && text.includes('\0'))
    report(pointer, 'Has a NUL character, which ends a string in the kernel.')
}

function checkRecord(value: object, pointer: string, report: Report): void {
  for (const [key, member] of Object.entries(value)) {
    const at = `${pointer}/${segment(key)}`
    if (key === '__proto__') report(at, '`__proto__` is not taken as a key.')
    checkText(key, false, at, report)
    checkTexts(member, dataFields.has(key), at, report)
  }
}

/** The value has passed the schema, so it is six levels deep at most. */
function checkTexts(value: unknown, isData: boolean, pointer: string, report: Report): void {
  if (typeof value === 'string') checkText(value, isData, pointer, report)
  else if (Array.isArray(value))
    for (let index = 0; index < value.length; index += 1)
      checkTexts(value[index], false, `${pointer}/${index}`, report)
  else if (typeof value === 'object' && value !== null) checkRecord(value, pointer, report)
}

/** Records take any key, and a key with a line feed escapes the schema’s pattern: its value may be anything. */
function checkStrings(record: object | undefined, pointer: string, report: Report): void {
  for (const [key, value] of Object.entries(record ?? {}))
    if (typeof value !== 'string') report(`${pointer}/${segment(key)}`, 'Must be a string.')
}

/** RFC 4648 section 4, padded, and canonical: unused bits are zero, so that one text means one value. */
export function isBase64(text: string): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  // A search for what must not be there: it never backtracks, whatever the length.
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(text.slice(0, text.length - padding)))
    return false
  const last = text.charAt(text.length - padding - 1)
  return padding === 0 || (padding === 2 ? 'AQgw' : 'AEIMQUYcgkosw048').includes(last)
}

function checkBase64(text: string | undefined, pointer: string, report: Report): void {
  if (text !== undefined && !isBase64(text))
    report(pointer, 'Is not base64 (RFC 4648 section 4, with padding, no line breaks).')
}

/** Fields of a job of one program, which steps have themselves or do without. */
const ownProgramFields = ['source', 'command', 'arguments', 'stdin', 'stdinBase64'] as const

function checkStep(step: JobStep, pointer: string, report: Report): void {
  if ((step.run === undefined) === (step.command === undefined))
    report(pointer, 'A step has exactly one of `run` and `command`.')
  checkStrings(step.env, `${pointer}/env`, report)
}

function checkSteps(spec: JobSpec, steps: readonly JobStep[], report: Report): void {
  for (const field of ownProgramFields)
    if (spec[field] !== undefined)
      report(`/${field}`, `\`${field}\` does not go with \`steps\`: each step says what it runs.`)
  if ((spec.language === undefined) === (spec.image === undefined))
    report(
      spec.language === undefined ? '/image' : '/language',
      '`steps` need either `image`, or `language` for its toolchain.',
    )
  const first = new Map<string, number>()
  for (const [index, step] of steps.entries()) {
    const earlier = first.get(step.name)
    if (earlier === undefined) first.set(step.name, index)
    else report(`/steps/${index}/name`, `${quote(step.name)} is also steps/${earlier}.`)
  }
}

function checkLanguageJob(spec: JobSpec, report: Report): void {
  if (spec.source === undefined) report('/source', '`language` needs `source`, or `steps`.')
  if (spec.command !== undefined)
    report('/command', '`command` belongs to `image`; a language’s program takes `arguments`.')
}

function checkImageJob(spec: JobSpec, report: Report): void {
  if (spec.command === undefined) report('/command', '`image` needs `command`, or `steps`.')
  if (spec.source !== undefined)
    report('/source', '`source` belongs to `language`; for an image use `files`.')
  if (spec.arguments !== undefined)
    report('/arguments', '`arguments` belong to `language`; for an image put them into `command`.')
}

function checkSession(spec: JobSpec, report: Report): void {
  for (const field of [...ownProgramFields, 'steps', 'tests', 'secrets'] as const)
    if (spec[field] !== undefined)
      report(`/${field}`, `\`${field}\` does not go with \`session\`: its programs come later.`)
  if ((spec.language === undefined) === (spec.image === undefined))
    report(
      spec.language === undefined ? '/image' : '/language',
      'A session needs either `image`, or `language` for its toolchain.',
    )
}

function checkKind(spec: JobSpec, report: Report): void {
  if (spec.session !== undefined) {
    checkSession(spec, report)
    return
  }
  if (spec.steps !== undefined) {
    checkSteps(spec, spec.steps, report)
    return
  }
  const isLanguage = spec.language !== undefined
  if (isLanguage === (spec.image !== undefined))
    report(
      isLanguage ? '/image' : '/language',
      'A job has either `language` with `source`, or `image` with `command`.',
    )
  else if (isLanguage) checkLanguageJob(spec, report)
  else checkImageJob(spec, report)
}

function checkFile(file: JobFile, pointer: string, report: Report): void {
  if ((file.content === undefined) === (file.contentBase64 === undefined))
    report(pointer, 'A file has exactly one of `content` and `contentBase64`.')
  checkBase64(file.contentBase64, `${pointer}/contentBase64`, report)
}

function checkFiles(files: readonly JobFile[], report: Report): void {
  const first = new Map<string, number>()
  for (const [index, file] of files.entries()) {
    checkFile(file, `/files/${index}`, report)
    const earlier = first.get(file.path)
    if (earlier === undefined) first.set(file.path, index)
    else report(`/files/${index}/path`, `${quote(file.path)} is also files/${earlier}.`)
  }
}

const blankAround = /^[ \t\r\n]+|[ \t\r\n]+$/g

function checkSecret(secret: JobSecret, pointer: string, report: Report): void {
  const { value, valueBase64, as, mode } = secret
  if (value !== undefined && valueBase64 !== undefined)
    report(`${pointer}/valueBase64`, 'A secret has at most one of `value` and `valueBase64`.')
  checkBase64(valueBase64, `${pointer}/valueBase64`, report)
  const bytes = secretBytesOf(secret)?.toString('latin1')
  if (bytes === undefined) return
  if (bytes.replace(blankAround, '').length < secretBytesMin)
    report(
      pointer,
      `Has fewer than ${secretBytesMin} bytes between blanks: it could not be masked.`,
    )
  if (as !== 'environment') return
  if (mode !== undefined) report(`${pointer}/mode`, 'A variable has no mode.')
  if (bytes.includes('\0')) report(pointer, 'A variable ends at its first NUL byte.')
}

function checkSecrets(spec: JobSpec, report: Report): void {
  const first = new Map<string, number>()
  for (const [index, secret] of spec.secrets?.entries() ?? []) {
    checkSecret(secret, `/secrets/${index}`, report)
    const earlier = first.get(secret.name)
    if (earlier === undefined) first.set(secret.name, index)
    else report(`/secrets/${index}/name`, `${quote(secret.name)} is also secrets/${earlier}.`)
  }
}

/** Faults beyond the schema of a value that has passed it. */
export function formFaults(spec: JobSpec): Fault[] {
  const faults: Fault[] = []
  const report: Report = (pointer, message) => {
    if (faults.length < faultsMax) faults.push({ pointer, message })
  }
  checkStrings(spec.env, '/env', report)
  checkStrings(spec.sysctls, '/sysctls', report)
  for (const [index, step] of spec.steps?.entries() ?? [])
    checkStep(step, `/steps/${index}`, report)
  // Only values of known depth are walked.
  if (faults.length === 0) checkTexts(spec, false, '', report)
  checkKind(spec, report)
  checkFiles(spec.files ?? [], report)
  checkSecrets(spec, report)
  checkBase64(spec.stdinBase64, '/stdinBase64', report)
  if (spec.stdin !== undefined && spec.stdinBase64 !== undefined)
    report('/stdinBase64', 'A job has at most one of `stdin` and `stdinBase64`.')
  const checks = {
    file: (file: JobFile, pointer: string) => checkFile(file, pointer, report),
    base64: (text: string | undefined, pointer: string) => checkBase64(text, pointer, report),
  }
  checkTestForm(spec, checks, report)
  return faults
}
