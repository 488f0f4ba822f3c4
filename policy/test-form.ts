// What the schema cannot say of tests, checkers and judging.

import type { JobSpec } from '../contract/job.js'
import type { JobFile } from '../contract/job-file.js'
import {
  type Checker,
  checkerFiles,
  type Interactor,
  type TestCase,
} from '../contract/test-case.js'
import { quote } from './wording.js'

type Report = (pointer: string, message: string) => void
type CheckFile = (file: JobFile, pointer: string) => void
type CheckBase64 = (text: string | undefined, pointer: string) => void
export type TestFormChecks = { readonly file: CheckFile; readonly base64: CheckBase64 }

function checkNames(
  files: readonly JobFile[],
  taken: Iterable<string>,
  pointer: string,
  report: Report,
): void {
  const seen = new Set(taken)
  for (const [index, { path }] of files.entries()) {
    if (seen.has(path)) report(`${pointer}/${index}/path`, `${quote(path)} is there already.`)
    seen.add(path)
  }
}

function checkTest(
  test: TestCase,
  pointer: string,
  spec: JobSpec,
  checks: TestFormChecks,
  report: Report,
): void {
  if (test.stdin !== undefined && test.stdinBase64 !== undefined)
    report(`${pointer}/stdinBase64`, 'A test has at most one of `stdin` and `stdinBase64`.')
  if (test.expected !== undefined && test.expectedBase64 !== undefined)
    report(
      `${pointer}/expectedBase64`,
      'A test has at most one of `expected` and `expectedBase64`.',
    )
  const isExpecting = test.expected !== undefined || test.expectedBase64 !== undefined
  const { checker, interactor } = spec.judging ?? {}
  if (!isExpecting && checker?.kind !== 'program' && interactor === undefined)
    report(`${pointer}/expected`, 'A test needs `expected`, unless a program of yours judges it.')
  checks.base64(test.stdinBase64, `${pointer}/stdinBase64`)
  checks.base64(test.expectedBase64, `${pointer}/expectedBase64`)
  for (const [index, file] of (test.files ?? []).entries())
    checks.file(file, `${pointer}/files/${index}`)
  const own = (spec.files ?? []).map(({ path }) => path)
  checkNames(test.files ?? [], own, `${pointer}/files`, report)
}

function checkProgram(
  program: Interactor,
  pointer: string,
  checks: TestFormChecks,
  report: Report,
): void {
  const isLanguage = program.language !== undefined
  if (isLanguage === (program.image !== undefined))
    report(
      `${pointer}/language`,
      'A program has either `language` with `source`, or `image` with `command`.',
    )
  else if (isLanguage && (program.source === undefined || program.command !== undefined))
    report(`${pointer}/source`, '`language` needs `source`, and takes no `command`.')
  else if (!isLanguage && (program.command === undefined || program.source !== undefined))
    report(`${pointer}/command`, '`image` needs `command`, and takes no `source`.')
  for (const [index, file] of (program.files ?? []).entries())
    checks.file(file, `${pointer}/files/${index}`)
  checkNames(program.files ?? [], checkerFiles, `${pointer}/files`, report)
}

function checkChecker(checker: Checker, checks: TestFormChecks, report: Report): void {
  const pointer = '/judging/checker'
  if (checker.kind === 'program') checkProgram(checker, pointer, checks, report)
  else
    for (const field of ['language', 'source', 'image', 'command', 'files', 'limits'] as const)
      if (checker[field] !== undefined)
        report(`${pointer}/${field}`, `\`${field}\` belongs to a checker of kind \`program\`.`)
  if (checker.kind !== 'float')
    for (const field of ['absolute', 'relative'] as const)
      if (checker[field] !== undefined)
        report(`${pointer}/${field}`, `\`${field}\` belongs to a checker of kind \`float\`.`)
}

/** Faults of the tests of a job. */
export function checkTestForm(spec: JobSpec, checks: TestFormChecks, report: Report): void {
  const { tests, judging } = spec
  if (judging?.checker !== undefined) checkChecker(judging.checker, checks, report)
  if (judging?.interactor !== undefined) {
    checkProgram(judging.interactor, '/judging/interactor', checks, report)
    if (judging.checker !== undefined)
      report('/judging/checker', 'An interactor judges by itself: there is no checker beside it.')
  }
  if (tests === undefined) {
    if (judging !== undefined) report('/judging', '`judging` is of `tests`, and there are none.')
    return
  }
  if (spec.steps !== undefined)
    report(
      '/steps',
      'With `tests` a job is one program: a `language` or an `image` with `command`.',
    )
  if (spec.secrets !== undefined)
    report('/secrets', 'A program that is judged gets no secrets: leave them out.')
  for (const field of ['stdin', 'stdinBase64'] as const)
    if (spec[field] !== undefined) report(`/${field}`, 'With `tests` each test has its own input.')
  if (spec.artifacts !== undefined)
    report('/artifacts', 'A job with `tests` keeps no files: each test’s sandbox is its own.')
  const names = new Map<string, number>()
  for (const [index, test] of tests.entries()) {
    checkTest(test, `/tests/${index}`, spec, checks, report)
    const name = test.name ?? String(index + 1)
    const earlier = names.get(name)
    if (earlier === undefined) names.set(name, index)
    else report(`/tests/${index}/name`, `${quote(name)} is also tests/${earlier}.`)
  }
}
