// What a run has shown → the statement that is signed. Nothing here asks a plan for what the kernel can tell.
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
import { answerWithoutOutput } from '../contract/receipt-answer.js'
import type { KeptJob, KeptStep, RunResult } from '../contract/result.js'
import { withoutSecretValues } from '../contract/secret.js'
import { canonicalDigest } from '../queue/canonical-digest.js'
import { jobWith } from '../queue/record.js'
import type { CapturedStream } from './capture.js'
import type { SeccompInForce } from './collect.js'
import type { RanStep } from './course.js'

export type StreamEvidence = StepReceipt['stdout']

/** What is known of one step beside its result. */
export type StepEvidence = {
  readonly step: PlanStep
  readonly started: Started
  readonly seccomp: SeccompInForce
  readonly stdout: StreamEvidence
  readonly stderr: StreamEvidence
}

/** What a receipt tells of the job as it was sent. The job itself is let go of before it runs. */
export type Asked = {
  readonly jobId: string
  readonly specDigest: string
  readonly language: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly grant: string
  /** Of the grant when it was admitted, and of the one by which the worker judged. */
  readonly admittedRevision: string
  readonly grantRevision: string
  readonly acceptedAtMs: number
}

/** Everything about an attempt that its receipt tells. */
export type RunEvidence = {
  readonly asked: Asked
  readonly plan: Plan
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

const digestOf = (value: unknown): { sha256: string } => ({ sha256: canonicalDigest(value) })
const instant = (milliseconds: number): string => new Date(milliseconds).toISOString()

export function streamEvidence({ bytes, digest }: CapturedStream): StreamEvidence {
  return { bytes, digest: { sha256: digest } }
}

export function askedOf(payload: Payload, grantRevision: string): Asked {
  const { jobId, spec, grant, acceptedAtMs } = payload
  return {
    ...{ jobId, grant, grantRevision, acceptedAtMs },
    specDigest: canonicalDigest(withoutSecretValues(spec)),
    language: spec.language ?? null,
    labels: spec.labels ?? {},
    admittedRevision: payload.grantRevision,
  }
}

export function enforcedOf(
  { step, started, seccomp }: StepEvidence,
  hasAppArmor: boolean,
): Enforced {
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

function stepOf(result: RanStep, evidence: StepEvidence, hasAppArmor: boolean): StepReceipt {
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
function answerOf({ asked, plan }: RunEvidence, record: RunRecord, result: RunResult): KeptJob {
  const fields = new Map([
    ['state', 'finished'],
    ['runs', String(record.runs)],
    ['language', asked.language ?? ''],
    ['image', plan.imageName],
    ['labels', JSON.stringify(asked.labels)],
    ['grant', asked.grant],
    ['grantRevision', asked.admittedRevision],
    ['createdAt', String(asked.acceptedAtMs)],
    ['startedAt', String(record.startedAtMs)],
    ['finishedAt', String(record.finishedAtMs)],
  ])
  return jobWith(asked.jobId, fields, result)
}

/** A step that was skipped is in the answer that is signed, and had nothing in force. */
const wasRun = (step: KeptStep): step is RanStep => step.outcome !== 'skipped'

/** Null when no step ran: a receipt tells of a run. */
export function statementOf(
  run: RunEvidence,
  record: RunRecord,
  result: RunResult,
  place: Place,
): ReceiptStatement | null {
  const ran = result.steps.filter(wasRun)
  const steps = ran.flatMap((step, at) => {
    const evidence = run.steps[at]
    return evidence === undefined ? [] : [stepOf(step, evidence, run.hasAppArmor)]
  })
  if (steps.length === 0 || steps.length !== ran.length) return null
  const answer = answerWithoutOutput(answerOf(run, record, result))
  return {
    _type: statementType,
    subject: [{ name: run.asked.jobId, digest: { sha256: run.asked.specDigest } }],
    predicateType: receiptType,
    predicate: {
      attempt: record.runs,
      grant: { name: run.asked.grant, revision: run.asked.grantRevision },
      image: { name: run.plan.imageName, digest: { sha256: run.plan.imageDigest } },
      outcome: result.outcome,
      failedStep: result.failedStep,
      steps,
      answer: { members: Object.keys(answer).sort(), digest: digestOf(answer) },
      ...place,
      times: {
        acceptedAt: instant(run.asked.acceptedAtMs),
        startedAt: instant(record.startedAtMs),
        finishedAt: instant(record.finishedAtMs),
      },
    },
  }
}
