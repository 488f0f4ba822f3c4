// Files of the workspace → one file of the output store, and the list of what is where in it. All is read from inside the sandbox
// (COLLECT): first which files there are, then, of those that were asked for and have room, their bytes.
import { createHash, type Hash } from 'node:crypto'
import {
  type ArtifactFile,
  type ArtifactReason,
  type Artifacts,
  artifactLeftOutMax,
  artifactNamesBytesMax,
  artifactPathBytesMax,
  type PlanArtifacts,
} from '../contract/artifact.js'
import { type CollectAsk, collectDepthMax } from '../contract/collect.js'
import type { Started } from '../contract/launch.js'
import type { Plan } from '../contract/plan.js'
import type { CollectedHead } from '../native/collect.js'
import { LaunchError, type Sandbox } from '../native/launch-client.js'
import type { Programs } from '../native/launch-encode.js'
import { pathFault } from '../policy/path.js'
import type { OutputWriter } from '../queue/output-store.js'
import { attestCollector } from './collector.js'
import { literalPrefix, selects } from './glob.js'

export type ArtifactParts = {
  readonly sandbox: Sandbox
  readonly plan: Plan
  readonly programs: Programs
  createOutput(): OutputWriter
}

/** Names looked at, and bytes of them: a workspace with more is told as not complete. */
const entriesMax = 200_000
const listedNamesBytes = 16 * 1_048_576
const listingBytes = 2 ** 50
const listingMs = 30_000
const readingMs = 300_000
const collectorMemoryBytes = 33_554_432

/** What a collection may take in all, milliseconds: part of the sandbox’s life. */

/** Paths are told from the root, where no directory can be put that leads elsewhere; the job knows them from its workspace. */
const fromRoot = ({ workspace }: Plan, path: string): string =>
  path === '' ? workspace.slice(1) : `${workspace.slice(1)}/${path}`
const fromWorkspace = ({ workspace }: Plan, path: string): string => path.slice(workspace.length)

const onStarted =
  ({ plan }: ArtifactParts) =>
  (started: Started): void =>
    attestCollector(started, plan, collectorMemoryBytes)

type Chosen = {
  readonly files: readonly CollectedHead[]
  readonly leftOut: Map<string, ArtifactReason>
  readonly complete: boolean
}

type Listing = {
  readonly heads: CollectedHead[]
  readonly leftOut: Map<string, ArtifactReason>
  readonly complete: boolean
}

/** Directories that need not be looked at are not. */
function rootsOf(plan: Plan, patterns: readonly string[]): string[] {
  const prefixes = patterns.filter((one) => !one.startsWith('!')).map(literalPrefix)
  const distinct = [...new Set(prefixes)].sort()
  // A file is told once: what lies beneath another is left away.
  const roots = distinct.filter(
    (path) =>
      !distinct.some((other) => other !== path && (other === '' || path.startsWith(`${other}/`))),
  )
  return roots.map((path) => fromRoot(plan, path))
}

async function list(parts: ArtifactParts, patterns: readonly string[]): Promise<Listing> {
  const { sandbox, plan, programs } = parts
  const heads: CollectedHead[] = []
  const leftOut = new Map<string, ArtifactReason>()
  const ask: CollectAsk = {
    ...{ root: '/', paths: rootsOf(plan, patterns), contents: false },
    ...{ entries: entriesMax, files: entriesMax, bytes: listingBytes, fileBytes: listingBytes },
    ...{ nameBytes: listedNamesBytes, depth: collectDepthMax },
    ...{ wallMs: listingMs, cpuMs: listingMs, memoryBytes: collectorMemoryBytes },
  }
  const summary = await sandbox.collect(ask, programs, {
    onStarted: onStarted(parts),
    onFile(head) {
      const path = fromWorkspace(plan, head.path)
      if (selects(patterns, path)) heads.push({ ...head, path })
    },
    onBytes() {},
    onLeftOut(told, reason) {
      const path = fromWorkspace(plan, told)
      if (reason !== 'missing' && selects(patterns, path)) leftOut.set(path, reason)
    },
  })
  heads.sort((one, other) => (one.path < other.path ? -1 : 1))
  return { heads, leftOut, complete: summary?.complete ?? false }
}

/** Why a file is not taken, though there is one. */
function refusal(
  { path, bytes }: CollectedHead,
  wanted: PlanArtifacts,
  so: { files: number; bytes: number; names: number },
): ArtifactReason | null {
  const nameBytes = Buffer.byteLength(path)
  if (nameBytes > artifactPathBytesMax) return 'name-too-long'
  // What unpacks it may be another system: no name that means something else there.
  if (pathFault(path) !== null || path.includes('\\')) return 'unsafe-name'
  if (so.bytes + bytes > wanted.bytes) return 'too-large'
  const isOver = so.files === wanted.files || so.names + nameBytes > artifactNamesBytesMax
  return isOver ? 'too-many' : null
}

function choose({ heads, leftOut, complete }: Listing, wanted: PlanArtifacts): Chosen {
  const files: CollectedHead[] = []
  const so = { files: 0, bytes: 0, names: 0 }
  for (const head of heads) {
    const reason = refusal(head, wanted, so)
    if (reason !== null) {
      leftOut.set(head.path, reason)
      continue
    }
    files.push(head)
    so.files += 1
    so.bytes += head.bytes
    so.names += Buffer.byteLength(head.path)
  }
  return { files, leftOut, complete }
}

type Reading = { readonly files: ArtifactFile[]; readonly finish: () => void }

/** Each file’s digest as its bytes go by. */
function openReading(plan: Plan, writer: OutputWriter) {
  const files: ArtifactFile[] = []
  let current: { readonly head: CollectedHead; readonly hash: Hash } | null = null
  const finish = (): void => {
    if (current === null) return
    const { head, hash } = current
    files.push({
      path: fromWorkspace(plan, head.path),
      bytes: head.bytes,
      mode: head.mode,
      digest: hash.digest('hex'),
    })
    current = null
  }
  return {
    files,
    finish,
    onFile(head: CollectedHead) {
      finish()
      current = { head, hash: createHash('sha256') }
    },
    onBytes(bytes: Buffer) {
      current?.hash.update(bytes)
      // A copy: the window moves on before the disk has it.
      return writer.write(Buffer.from(bytes))
    },
  } satisfies Reading & { onFile(head: CollectedHead): void; onBytes(bytes: Buffer): unknown }
}

async function read(
  parts: ArtifactParts,
  { files, leftOut }: Chosen,
  writer: OutputWriter,
): Promise<ArtifactFile[] | null> {
  const { sandbox, plan, programs } = parts
  const bytes = files.reduce((sum, one) => sum + one.bytes, 0)
  const names = files.reduce((sum, one) => sum + Buffer.byteLength(one.path) + 16, 4096)
  const ask: CollectAsk = {
    ...{ root: '/', paths: files.map(({ path }) => fromRoot(plan, path)), contents: true },
    ...{ entries: files.length, files: files.length, bytes, fileBytes: bytes },
    ...{ nameBytes: names * 2, depth: 1 },
    ...{ wallMs: readingMs, cpuMs: readingMs, memoryBytes: collectorMemoryBytes },
  }
  const reading = openReading(plan, writer)
  const summary = await sandbox.collect(ask, programs, {
    onStarted: onStarted(parts),
    onFile: reading.onFile,
    onBytes: reading.onBytes,
    onLeftOut: (path, reason) => leftOut.set(fromWorkspace(plan, path), reason),
  })
  reading.finish()
  return summary === null ? null : reading.files
}

function toldLeftOut(
  leftOut: ReadonlyMap<string, ArtifactReason>,
): Pick<Artifacts, 'leftOut' | 'notListed'> {
  const all = [...leftOut].sort(([one], [other]) => (one < other ? -1 : 1))
  const listed = all.slice(0, artifactLeftOutMax)
  return {
    // A name may be 4 KiB, and such ones are why they are left out.
    leftOut: listed.map(([path, reason]) => ({ path: path.slice(0, 256), reason })),
    notListed: all.length - listed.length,
  }
}

async function keep(parts: ArtifactParts, chosen: Chosen): Promise<Artifacts> {
  const writer = parts.createOutput()
  try {
    const files = await read(parts, chosen, writer)
    const told = toldLeftOut(chosen.leftOut)
    if (files === null) {
      await writer.discard()
      return { files: [], pack: null, ...told, complete: false }
    }
    return { files, pack: await writer.finish(), ...told, complete: chosen.complete }
  } catch (error) {
    await writer.discard()
    throw error instanceof LaunchError
      ? error
      : new LaunchError('output-store', (error as Error).message)
  }
}

/** Null where none are asked for, or none for a job that ended so. @throws LaunchError */
export async function collectArtifacts(
  parts: ArtifactParts,
  isOk: boolean,
): Promise<Artifacts | null> {
  const wanted = parts.plan.artifacts
  if (wanted.patterns.length === 0) return null
  const patterns = wanted.patterns
    .filter(({ when }) => isOk || when === 'always')
    .map(({ path }) => path)
  if (!patterns.some((one) => !one.startsWith('!'))) return null
  const chosen = choose(await list(parts, patterns), wanted)
  if (chosen.files.length > 0) return keep(parts, chosen)
  return { files: [], pack: null, ...toldLeftOut(chosen.leftOut), complete: chosen.complete }
}
