// The bytes that go into a sandbox before its program starts: the source, the files, standard input. Nothing touches the host's disk.
import type { Catalogue } from '../contract/catalogue.js'
import type { JobSpec } from '../contract/job.js'
import type { JobFile } from '../contract/job-file.js'
import { passedFile } from '../contract/step.js'
import type { TestCase } from '../contract/test-case.js'
import type { SandboxFile } from '../native/launch-encode.js'
import { secretFiles } from './run-secrets.js'

const plainMode = 0o644

function bytesOf(file: JobFile): Buffer {
  if (file.contentBase64 !== undefined) return Buffer.from(file.contentBase64, 'base64')
  return Buffer.from(file.content ?? '', 'utf8')
}

const fileOf = (file: JobFile): SandboxFile => ({
  path: file.path,
  mode: file.mode ?? plainMode,
  bytes: bytesOf(file),
})

/** Empty, for steps to write to. */
function passingFiles({ steps }: JobSpec): SandboxFile[] {
  if (steps === undefined) return []
  const path = passedFile.slice(1)
  return [{ path, mode: 0o600, bytes: Buffer.alloc(0), isInRun: true }]
}

/** The files of a program in the order in which they are written; the source first. */
function programFiles(
  spec: Pick<JobSpec, 'language' | 'source' | 'files'>,
  catalogue: Catalogue,
): SandboxFile[] {
  const files: SandboxFile[] = []
  const language = catalogue.languages.find((known) => known.name === spec.language)
  if (language !== undefined && spec.source !== undefined) {
    files.push({
      path: language.sourceFile,
      mode: plainMode,
      bytes: Buffer.from(spec.source, 'utf8'),
    })
  }
  files.push(...(spec.files ?? []).map(fileOf))
  return files
}

/** All that a job starts from. */
export function jobFiles(spec: JobSpec, catalogue: Catalogue): SandboxFile[] {
  return [...programFiles(spec, catalogue), ...secretFiles(spec), ...passingFiles(spec)]
}

/** Standard input; null when there is none. */
export function standardInput(spec: Pick<JobSpec, 'stdin' | 'stdinBase64'>): Buffer | null {
  if (spec.stdinBase64 !== undefined) return Buffer.from(spec.stdinBase64, 'base64')
  return spec.stdin === undefined ? null : Buffer.from(spec.stdin, 'utf8')
}

/** What a test brings along. */
export type TestCargo = {
  readonly stdin: Buffer | null
  readonly files: readonly SandboxFile[]
  readonly expected: Buffer
}

export function testCargo(test: TestCase): TestCargo {
  const { expected = '', expectedBase64 } = test
  return {
    stdin: standardInput(test),
    files: (test.files ?? []).map(fileOf),
    expected:
      expectedBase64 === undefined ? Buffer.from(expected) : Buffer.from(expectedBase64, 'base64'),
  }
}

/** What a checker or an interactor starts from. */
export function judgeFiles({ judging }: JobSpec, catalogue: Catalogue): SandboxFile[] {
  const program = judging?.interactor ?? judging?.checker
  return program === undefined ? [] : programFiles(program, catalogue)
}
