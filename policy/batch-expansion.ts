// A batch as it was sent → its jobs one by one: combinations made, names turned into positions, circles found. Whether each job is allowed is for
// the rules; here is only what the batch itself can be wrong about. Pure, and bounded by what the caller says.
import { BatchCreation, batchFields, batchJobsMax, type Matrix } from '../contract/batch.js'
import type { Dependency } from '../contract/dependency.js'
import { segment } from './ask.js'
import { type Fault, type SchemaNode, walkSchema } from './schema-walk.js'
import { listing, quote } from './wording.js'

type Values = Readonly<Record<string, string>>
type Json = Readonly<Record<string, unknown>>

/** One job of a batch, not yet judged. */
export type BatchEntry = {
  readonly pointer: string
  readonly name: string
  /** For messages: which combination; empty without a matrix. */
  readonly combination: string
  readonly spec: unknown
  /** By position in the batch, or the id of another job. */
  readonly after: readonly (Omit<Dependency, 'job'> & { readonly job: number | string })[]
}

export type Expansion =
  | { readonly ok: true; readonly entries: readonly BatchEntry[] }
  | { readonly ok: false; readonly faults: readonly Fault[] }

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const marks = /\{\{matrix\.([^{}]{0,64})\}\}/g

/** Every text, never a key; what a value holds is not looked at again. Names that there are not are reported. */
function substitute(value: unknown, values: Values, at: string, unknown: Fault[]): unknown {
  if (typeof value === 'string')
    return value.replace(marks, (mark, name: string) => {
      if (Object.hasOwn(values, name)) return values[name] ?? ''
      unknown.push({ pointer: at, message: `${quote(mark)} names no value of this job’s matrix.` })
      return mark
    })
  if (Array.isArray(value))
    return value.map((member, index) => substitute(member, values, `${at}/${index}`, unknown))
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([key, member]) => [
    key,
    substitute(member, values, `${at}/${segment(key)}`, unknown),
  ])
  return Object.fromEntries(entries)
}

/** The first name varies slowest, as one writes loops. */
function combinationsOf(matrix: Matrix | undefined): Values[] {
  let combinations: Values[] = [{}]
  for (const [name, values] of Object.entries(matrix ?? {})) {
    if (combinations.length * values.length > batchJobsMax) return []
    combinations = combinations.flatMap((one) => values.map((value) => ({ ...one, [name]: value })))
  }
  return combinations
}

function labelled(spec: Json, values: Values): Json {
  const own = Object.entries(values).map(([name, value]) => [`matrix/${name}`, value])
  if (own.length === 0) return spec
  return {
    ...spec,
    labels: { ...(isObject(spec.labels) ? spec.labels : {}), ...Object.fromEntries(own) },
  }
}

type Template = {
  readonly pointer: string
  readonly name: string
  readonly matrix: Matrix | undefined
  readonly spec: Json
  readonly after: readonly { readonly job: string; readonly on: Dependency['on'] }[]
}

const afterSchema = BatchCreation.properties.jobs.items.properties.after as unknown as SchemaNode
const fieldSchema = {
  type: 'object',
  properties: { ...batchFields, after: afterSchema },
  additionalProperties: true,
} as unknown as SchemaNode

/** Name, matrix and `after` by the schema; the rest of the job is judged with all other jobs. */
function templateOf(job: unknown, pointer: string, faults: Fault[]): Template | null {
  if (!isObject(job)) {
    faults.push({ pointer, message: 'Must be an object.' })
    return null
  }
  const { name, matrix, ...spec } = job
  const own = {
    ...(name === undefined ? {} : { name }),
    ...(matrix === undefined ? {} : { matrix }),
  }
  const asked = spec.after === undefined ? own : { ...own, after: spec.after }
  const found = walkSchema(fieldSchema, asked)
  if (found.length > 0) {
    faults.push(...found.map((fault) => ({ ...fault, pointer: `${pointer}${fault.pointer}` })))
    return null
  }
  const after = (spec.after ?? []) as { job: string; on?: Dependency['on'] }[]
  return {
    ...{ pointer, name: String(name ?? ''), matrix: matrix as Matrix | undefined, spec },
    after: after.map(({ job: other, on = 'success' }) => ({ job: other, on })),
  }
}

function nameFaults(templates: readonly Template[]): Fault[] {
  const first = new Map<string, string>()
  const faults: Fault[] = []
  for (const { name, pointer } of templates) {
    const earlier = first.get(name)
    if (name === '') continue
    if (earlier === undefined) first.set(name, pointer)
    else faults.push({ pointer: `${pointer}/name`, message: `${quote(name)} is also ${earlier}.` })
  }
  for (const { after, pointer } of templates)
    for (const [index, { job }] of after.entries())
      if (!job.startsWith('job_') && !first.has(job))
        faults.push({
          pointer: `${pointer}/after/${index}/job`,
          message: `There is no ${quote(job)} in this batch. There are: ${listing([...first.keys()])}.`,
        })
  return faults
}

/** One fault for each circle, at the step that closes it. Without recursion: a chain may be as long as the batch. */
function circleFaults(templates: readonly Template[]): Fault[] {
  const byName = new Map(templates.map((template) => [template.name, template]))
  const done = new Set<string>()
  const faults: Fault[] = []
  for (const start of templates) {
    const chain: { readonly at: Template; next: number }[] = []
    const enter = (at: Template): unknown => chain.push({ at, next: 0 })
    if (start.name !== '' && !done.has(start.name)) enter(start)
    for (let top = chain.at(-1); top !== undefined; top = chain.at(-1)) {
      const index = top.next++
      const step = top.at.after[index]
      const other = step === undefined ? undefined : byName.get(step.job)
      if (step === undefined) {
        done.add(top.at.name)
        chain.pop()
      } else if (other !== undefined && chain.some(({ at }) => at === other)) {
        const names = chain.map(({ at }) => at.name)
        const circle = [...names.slice(names.indexOf(other.name)), other.name].join(' after ')
        faults.push({
          pointer: `${top.at.pointer}/after/${index}`,
          message: `It goes in a circle: ${circle}.`,
        })
      } else if (other !== undefined && !done.has(other.name)) enter(other)
    }
  }
  return faults
}

function entriesOf(template: Template, faults: Fault[]): Omit<BatchEntry, 'after'>[] {
  const { pointer, name, matrix, spec } = template
  const combinations = combinationsOf(matrix)
  if (combinations.length === 0)
    faults.push({
      pointer: `${pointer}/matrix`,
      message: `Has more than ${batchJobsMax} combinations.`,
    })
  return combinations.map((values, index) => {
    const unknown: Fault[] = []
    const whole = matrix === undefined ? spec : substitute(spec, values, pointer, unknown)
    // The same in each of them.
    if (index === 0) faults.push(...unknown)
    const combination = Object.entries(values)
      .map((pair) => pair.join('='))
      .join(', ')
    return { pointer, name, combination, spec: labelled(whole as Json, values) }
  })
}

const only = (faults: readonly Fault[]): Expansion => ({ ok: false, faults })

/** `bytesMax`: what all jobs together may be as JSON. Takes any value that JSON can be. Never throws. */
export function expandBatch(body: unknown, bytesMax: number): Expansion {
  if (!isObject(body)) return only([{ pointer: '', message: 'Must be an object.' }])
  const strange = Object.keys(body).filter((key) => key !== 'jobs' && key !== 'callback')
  const faults: Fault[] = strange.map((key) => ({
    pointer: `/${segment(key)}`,
    message: 'There is no such field. The fields here are jobs, callback.',
  }))
  const { jobs } = body
  if (!Array.isArray(jobs) || jobs.length === 0 || jobs.length > batchJobsMax)
    return only([...faults, { pointer: '/jobs', message: `Must be 1 to ${batchJobsMax} jobs.` }])
  const templates = jobs.flatMap((job, index) => templateOf(job, `/jobs/${index}`, faults) ?? [])
  if (templates.length === jobs.length)
    faults.push(...nameFaults(templates), ...circleFaults(templates))
  const entries: BatchEntry[] = []
  const places = new Map<string, number[]>()
  const asked: Template['after'][] = []
  let bytes = 0
  for (const template of templates) {
    for (const entry of entriesOf(template, faults)) {
      bytes += template.matrix === undefined ? 0 : JSON.stringify(entry.spec).length
      if (bytes > bytesMax || entries.length >= batchJobsMax)
        return only([
          ...faults,
          {
            pointer: '/jobs',
            message: `With all combinations there are more than ${batchJobsMax} jobs, or ${bytesMax} bytes of them.`,
          },
        ])
      if (template.name !== '')
        places.set(template.name, [...(places.get(template.name) ?? []), entries.length])
      asked.push(template.after)
      entries.push({ ...entry, after: [] })
    }
  }
  if (faults.length > 0) return only(faults)
  const resolved = entries.map((entry, index) => ({
    ...entry,
    after: (asked[index] ?? []).flatMap(({ job, on }): BatchEntry['after'] =>
      job.startsWith('job_')
        ? [{ job, on }]
        : (places.get(job) ?? []).map((at) => ({ job: at, on })),
    ),
  }))
  return { ok: true, entries: resolved }
}
