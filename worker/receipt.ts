// What a run has shown → the statement that is signed. Nothing here asks a plan for what the kernel can tell.
import { createHash } from 'node:crypto'
import { canonicalJson } from '../contract/canonical-json.js'
import type { Started } from '../contract/launch.js'
import type { Payload } from '../contract/payload.js'
import type { Plan, PlanStep } from '../contract/plan.js'
import {
  type Enforced,
  type ReceiptPredicate,
  type ReceiptStatement,
  receiptType,
  type StepReceipt,
  statementType,
} from '../contract/receipt.js'
import type { Job, RunResult, StepResult } from '../contract/result.js'
import { jobWith } from '../queue/record.js'
import type { SeccompInForce } from './collect.js'

export type StreamEvidence = StepReceipt['stdout']

/** What is known of one step beside its result. */
export type StepEvidence = {
  readonly step: PlanStep
  readonly started: Started
  readonly seccomp: SeccompInForce
  readonly stdout: StreamEvidence
  readonly stderr: StreamEvidence
}

/** Everything about an attempt that its receipt tells. */
export type RunEvidence = {
  readonly payload: Payload
  readonly plan: Plan
  /** Of the grant by which the worker judged. */
  readonly grantRevision: string
  /** Whether this kernel has AppArmor at all. */
  readonly hasAppArmor: boolean
  readonly steps: readonly StepEvidence[]
}

/** Where and by what it was run. */
export type Place = Pick<ReceiptPredicate, 'node' | 'stockade'>

/** What the job's record says of this attempt. */
export type RunRecord = {
  readonly runs: number
  readonly startedAtMs: number
  readonly finishedAtMs: number
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const digestOf = (value: unknown): { sha256: string } => ({ sha256: sha256(canonicalJson(value)) })
const instant = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** Of the raw bytes, whatever their encoding in the result. */
export function streamEvidence(bytes: Buffer): StreamEvidence {
  return { bytes: bytes.length, digest: { sha256: sha256(bytes) } }
}

function enforcedOf({ step, started, seccomp }: StepEvidence, hasAppArmor: boolean): Enforced {
  return {
    cgroup: {
      version: started.cgroupVersion,
      memoryBytes: started.memoryLimitBytes,
      swapBytes: started.swapLimitBytes,
      processes: started.processLimit,
      cpuQuotaUs: started.cpuQuotaUs,
      cpuPeriodUs: started.cpuPeriodUs,
    },
    resourceLimits: started.resourceLimits,
    disk: started.diskLimit,
    // No file of the kernel holds these: the launcher's supervisor counts them.
    supervised: { wallMs: step.wallMs, cpuMs: step.cpuMs, outputBytes: step.outputBytes },
    identity: {
      uid: started.uid,
      gid: started.gid,
      uidMap: started.uidMap,
      gidMap: started.gidMap,
    },
    namespaces: started.namespaces,
    sharedWithHost: started.sharedWithHost,
    capabilities: started.capabilities,
    noNewPrivileges: started.noNewPrivileges,
    seccomp: {
      mode: started.seccompMode,
      filters: started.seccompFilters,
      profile: seccomp.profile,
      digest: { sha256: seccomp.digest },
    },
    landlock: { abi: started.landlockAbi, restricted: started.landlockRestricted },
    apparmor: { kernel: hasAppArmor, label: started.apparmor },
    network: started.network,
  }
}

function stepOf(result: StepResult, evidence: StepEvidence, hasAppArmor: boolean): StepReceipt {
  return {
    name: result.name,
    argv: { digest: digestOf(evidence.step.argv) },
    outcome: result.outcome,
    exitCode: result.exitCode,
    signal: result.signal,
    truncated: result.truncated,
    stdout: evidence.stdout,
    stderr: evidence.stderr,
    usage: result.usage,
    enforced: enforcedOf(evidence, hasAppArmor),
  }
}

/** The job as it will be read, made by the function that makes it for readers, from what the worker itself knows. */
function answerOf({ payload, plan }: RunEvidence, record: RunRecord, result: RunResult): Job {
  const fields = new Map([
    ['state', 'finished'],
    ['runs', String(record.runs)],
    ['language', payload.spec.language ?? ''],
    ['image', plan.imageName],
    ['labels', JSON.stringify(payload.spec.labels ?? {})],
    ['grant', payload.grant],
    ['grantRevision', payload.grantRevision],
    ['createdAt', String(payload.acceptedAtMs)],
    ['startedAt', String(record.startedAtMs)],
    ['finishedAt', String(record.finishedAtMs)],
  ])
  return jobWith(payload.jobId, fields, result)
}

/** Null when no step ran: a receipt tells of a run. */
export function statementOf(
  run: RunEvidence,
  record: RunRecord,
  result: RunResult,
  place: Place,
): ReceiptStatement | null {
  const steps = result.steps.flatMap((step, at) => {
    const evidence = run.steps[at]
    return evidence === undefined ? [] : [stepOf(step, evidence, run.hasAppArmor)]
  })
  if (steps.length === 0 || steps.length !== result.steps.length) return null
  const { receipt: _, ...answer } = answerOf(run, record, result)
  return {
    _type: statementType,
    subject: [{ name: run.payload.jobId, digest: digestOf(run.payload.spec) }],
    predicateType: receiptType,
    predicate: {
      attempt: record.runs,
      grant: { name: run.payload.grant, revision: run.grantRevision },
      image: { name: run.plan.imageName, digest: { sha256: run.plan.imageDigest } },
      outcome: result.outcome,
      failedStep: result.failedStep,
      steps,
      answer: { members: Object.keys(answer).sort(), digest: digestOf(answer) },
      ...place,
      times: {
        acceptedAt: instant(run.payload.acceptedAtMs),
        startedAt: instant(record.startedAtMs),
        finishedAt: instant(record.finishedAtMs),
      },
    },
  }
}
