// What the worker says to the launcher, as frames: a sandbox, its files, a step (docs/launcher-protocol.md).
import { frameTypes } from '../contract/launch.js'
import type { PlanStep, ProgramPlan } from '../contract/plan.js'
import {
  encodeChunks,
  encodeFileHead,
  encodeFrame,
  encodePairs,
  type Pair,
} from './launch-frame.js'

export type SandboxFile = {
  /** Relative to the workspace; `isInRun`: to the root, and beneath `run/`. */
  readonly path: string
  readonly mode: number
  readonly bytes: Buffer
  readonly isInRun?: boolean
}

/** All of a step’s input, none, or what will be written while it runs. */
export type StepInput = Buffer | null | 'open'

/** What a step’s system calls are judged by: the filter in force, and one that is only observed, if there is one. */
export type Programs = { readonly filter: Buffer; readonly audit: Buffer | null }

function sandboxPairs(jobId: string, plan: ProgramPlan): Pair[] {
  return [
    ['id', jobId],
    ['image', plan.imageDigest],
    ['hostname', plan.hostname],
    ['uid', plan.uid],
    ['gid', plan.gid],
    ['workspace', plan.workspace],
    ['memory-bytes', plan.memoryBytes],
    ['disk-bytes', plan.diskBytes],
    ['disk-inodes', plan.diskInodes],
    ['processes', plan.processes],
    ['cpu-millis', plan.cpuMillis],
    ['proc', plan.proc],
    ['loopback', plan.network === 'loopback' ? 'up' : 'down'],
    ['apparmor', plan.apparmor],
    ['landlock-abi-minimum', plan.landlockAbiMinimum],
    ['lifetime-ms', plan.lifetimeMs],
  ]
}

function stepPairs(step: PlanStep): Pair[] {
  return [
    ['name', step.name],
    ...step.argv.map((value): Pair => ['argument', value]),
    ...step.environment.map((value): Pair => ['environment', value]),
    ['directory', step.directory],
    ['wall-ms', step.wallMs],
    ['cpu-ms', step.cpuMs],
    ['memory-bytes', step.memoryBytes],
    ['processes', step.processes],
    ['open-files', step.openFiles],
    ['file-bytes', step.fileBytes],
    ['stack-bytes', step.stackBytes],
    ['output-bytes', step.outputBytes],
    ['stdin', step.takesStdin ? 'stream' : 'empty'],
  ]
}

/** What a STEP says, without its frame. */
export const encodeStepPairs = (step: PlanStep): Buffer => encodePairs(stepPairs(step))

/** Files as frames: made once for many sandboxes. */
export type EncodedFiles = { readonly frames: readonly Buffer[] }

export function encodeFiles(files: readonly SandboxFile[]): EncodedFiles {
  const frames: Buffer[] = []
  for (const { path, mode, bytes, isInRun } of files) {
    frames.push(encodeFrame(frameTypes.file, encodeFileHead(path, mode, bytes.length, isInRun)))
    frames.push(...encodeChunks(frameTypes.data, bytes))
  }
  return { frames }
}

/** The frames that make a sandbox: SANDBOX, then each file. FILTER and STEP come with the first step. */
export function encodeSandbox(
  jobId: string,
  plan: ProgramPlan,
  files: readonly SandboxFile[] | EncodedFiles,
): Buffer[] {
  const { frames } = 'frames' in files ? files : encodeFiles(files)
  return [encodeFrame(frameTypes.sandbox, encodePairs(sandboxPairs(jobId, plan))), ...frames]
}

/** The frames that start a step. */
export function encodeStep(step: PlanStep, programs: Programs, stdin: StepInput): Buffer[] {
  const frames = [encodeFrame(frameTypes.filter, programs.filter)]
  if (programs.audit !== null) frames.push(encodeFrame(frameTypes.audit, programs.audit))
  frames.push(encodeFrame(frameTypes.step, encodeStepPairs(step)))
  if (!step.takesStdin || stdin === 'open') return frames
  frames.push(...encodeChunks(frameTypes.stdin, stdin ?? Buffer.alloc(0)))
  frames.push(encodeFrame(frameTypes.stdin, Buffer.alloc(0)))
  return frames
}
