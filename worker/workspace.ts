// The bytes that go into a sandbox before its program starts: the source, the files, standard input. Nothing touches the host's disk.
import type { Catalogue } from '../contract/catalogue.js'
import type { JobFile, JobSpec } from '../contract/job.js'
import { passedFile } from '../contract/step.js'
import type { SandboxFile } from '../native/launch-client.js'
import { secretFiles } from './run-secrets.js'

const plainMode = 0o644

function bytesOf(file: JobFile): Buffer {
  if (file.contentBase64 !== undefined) return Buffer.from(file.contentBase64, 'base64')
  return Buffer.from(file.content ?? '', 'utf8')
}

/** Empty, for steps to write to. */
function passingFiles({ steps }: JobSpec): SandboxFile[] {
  if (steps === undefined) return []
  const path = passedFile.slice(1)
  return [{ path, mode: 0o600, bytes: Buffer.alloc(0), isInRun: true }]
}

/** Files in the order in which they are written; the source first. */
export function workspaceFiles(spec: JobSpec, catalogue: Catalogue): SandboxFile[] {
  const files: SandboxFile[] = []
  const language = catalogue.languages.find((known) => known.name === spec.language)
  if (language !== undefined && spec.source !== undefined) {
    files.push({
      path: language.sourceFile,
      mode: plainMode,
      bytes: Buffer.from(spec.source, 'utf8'),
    })
  }
  for (const file of spec.files ?? [])
    files.push({ path: file.path, mode: file.mode ?? plainMode, bytes: bytesOf(file) })
  return [...files, ...secretFiles(spec), ...passingFiles(spec)]
}

/** Standard input; null when there is none. */
export function standardInput(spec: JobSpec): Buffer | null {
  if (spec.stdinBase64 !== undefined) return Buffer.from(spec.stdinBase64, 'base64')
  return spec.stdin === undefined ? null : Buffer.from(spec.stdin, 'utf8')
}
