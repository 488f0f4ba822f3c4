// The record of a job in Redis: one hash. What is written to it at admission, and how it reads as a Job.
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { Dependency } from '../contract/dependency.js'
import type { Outcome } from '../contract/outcome.js'
import { Receipt } from '../contract/receipt.js'
import { type Job, type JobState, jobStates, type KeptJob, RunResult } from '../contract/result.js'
import { tellingStep } from '../contract/telling-step.js'
import { Warning } from '../contract/verdict.js'

const checkResult = Compile(RunResult)
const checkReceipt = Compile(Receipt)
const checkAfter = Compile(Type.Array(Dependency))
const checkWarnings = Compile(Type.Array(Warning))

/** The result of a job that never ran, or whose run left nothing. */
export function unstartedResult(outcome: Outcome, message: string, stage?: string): RunResult {
  return {
    outcome,
    cause: stage === undefined ? { message } : { message, stage },
    failedStep: null,
    steps: [],
  }
}

/** As many groups as tests are too many for a list. */
function judgingInShort({ judging }: RunResult): Pick<Job, 'judging'> {
  if (judging === undefined) return {}
  const { groups: _, ...short } = judging
  return { judging: short }
}

/** The small part of a result, which lists and events carry: all but output and isolation. */
export function summaryOf(result: RunResult): string {
  const last = tellingStep(result.steps, result.failedStep)
  return JSON.stringify({
    outcome: result.outcome,
    cause: result.cause,
    failedStep: result.failedStep,
    exitCode: last?.exitCode ?? null,
    signal: last?.signal ?? null,
    truncated: last?.truncated ?? false,
    usage: last?.usage ?? null,
    ...judgingInShort(result),
  })
}

const instant = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : new Date(Number(text)).toISOString()
const orNull = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : text

function stateOf(text: string | undefined): JobState {
  const state = jobStates.find((known) => known === text)
  if (state === undefined) throw new Error(`a job has the state ${text}`)
  return state
}

function resultOf(text: string | undefined): RunResult | null {
  if (text === undefined) return null
  const value: unknown = JSON.parse(text)
  if (!checkResult.Check(value)) throw new Error('a stored result does not match its schema')
  return value
}

function receiptOf(text: string | undefined): Receipt | null {
  if (text === undefined) return null
  const value: unknown = JSON.parse(text)
  if (!checkReceipt.Check(value)) throw new Error('a stored receipt does not match its schema')
  return value
}

/** Written by the api that admitted the job. What is not as it should be is left out: it decides nothing. */
function warningsOf(text: string | undefined): { warnings?: Warning[] } {
  if (text === undefined) return {}
  const value: unknown = JSON.parse(text)
  return checkWarnings.Check(value) && value.length > 0 ? { warnings: value } : {}
}

function dependenciesOf(fields: ReadonlyMap<string, string>): Pick<Job, 'after' | 'batch'> {
  const [after, batch] = [fields.get('after'), fields.get('batch')]
  const known: unknown = after === undefined ? null : JSON.parse(after)
  return {
    ...(checkAfter.Check(known) ? { after: known } : {}),
    ...(batch === undefined ? {} : { batch: { id: batch, name: fields.get('batchName') ?? '' } }),
  }
}

function bare(jobId: string, fields: ReadonlyMap<string, string>): Job {
  return {
    id: jobId,
    state: stateOf(fields.get('state')),
    outcome: null,
    cause: null,
    exitCode: null,
    signal: null,
    stdout: null,
    stderr: null,
    encoding: null,
    truncated: false,
    usage: null,
    isolation: null,
    steps: [],
    failedStep: null,
    attempts: Number(fields.get('runs') ?? '0'),
    language: orNull(fields.get('language')),
    image: orNull(fields.get('image')),
    labels: JSON.parse(fields.get('labels') ?? '{}') as Record<string, string>,
    grant: { name: fields.get('grant') ?? '', revision: fields.get('grantRevision') ?? '' },
    ...dependenciesOf(fields),
    ...warningsOf(fields.get('warnings')),
    createdAt: instant(fields.get('createdAt')) ?? '',
    startedAt: instant(fields.get('startedAt')),
    finishedAt: instant(fields.get('finishedAt')),
    receipt: null,
  }
}

/** The whole job; large output still in its files. */
export function jobOf(jobId: string, fields: ReadonlyMap<string, string>): KeptJob {
  const job = jobWith(jobId, fields, resultOf(fields.get('result')))
  return { ...job, receipt: receiptOf(fields.get('receipt')) }
}

/** A job and its result, without a receipt. The output and figures of one step are the job’s. */
export function jobWith(
  jobId: string,
  fields: ReadonlyMap<string, string>,
  result: RunResult | null,
): KeptJob {
  const job = bare(jobId, fields)
  if (result === null) return job
  const last = tellingStep(result.steps, result.failedStep)
  return {
    ...job,
    outcome: result.outcome,
    cause: result.cause,
    failedStep: result.failedStep,
    steps: result.steps,
    ...(result.artifacts === undefined ? {} : { artifacts: result.artifacts }),
    exitCode: last?.exitCode ?? null,
    signal: last?.signal ?? null,
    stdout: last?.stdout ?? null,
    stderr: last?.stderr ?? null,
    encoding: last?.encoding ?? null,
    truncated: last?.truncated ?? false,
    usage: last?.usage ?? null,
    isolation: last?.isolation ?? null,
    ...testsOf(result),
  }
}

function testsOf({
  tests,
  judging,
  languageVersion,
}: RunResult): Pick<KeptJob, 'tests' | 'judging' | 'languageVersion'> {
  return {
    ...(tests === undefined ? {} : { tests }),
    ...(judging === undefined ? {} : { judging }),
    ...(languageVersion === undefined ? {} : { languageVersion }),
  }
}

/** The fields that a list reads: everything but payload and result. */
export const listFields = [
  'state',
  'outcome',
  'summary',
  'runs',
  'language',
  'image',
  'labels',
  'grant',
  'grantRevision',
  'after',
  'batch',
  'batchName',
  'createdAt',
  'startedAt',
  'finishedAt',
] as const

/** A job as it stands in a list: without output, steps, isolation and receipt. */
export function listedJobOf(jobId: string, fields: ReadonlyMap<string, string>): Job {
  const job = bare(jobId, fields)
  const summary = fields.get('summary')
  if (summary === undefined) return job
  return { ...job, ...(JSON.parse(summary) as Partial<Job>) }
}
