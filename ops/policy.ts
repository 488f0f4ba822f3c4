// `./stockade policy check|explain|test|diff`: grants for the operator's eyes and for the operator's CI. Changes nothing, asks no service.
// 0: good (check), allowed (explain), all cases pass (test), no verdict changes (diff). 1: not so. 2: nothing can be said.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Compile } from 'typebox/compile'
import { AskedList } from '../contract/asked.js'
import { parseStrictJson } from '../contract/strict-json.js'
import { readCaseTable, runCases } from '../policy/case-table.js'
import { judge } from '../policy/engine.js'
import { askedDifference, grantChanges } from '../policy/grant-diff.js'
import { GrantError, type GrantFault, type LoadedGrant } from '../policy/grant-file.js'
import { checkJobSpec } from '../policy/schema.js'
import { withSuggestion } from '../policy/suggest.js'
import { machineOf, readGrants, Unusable } from './policy-files.js'
import { changedGrants, changedVerdicts, explanation } from './policy-text.js'

const text = { type: 'string' } as const
const { values, positionals } = parseArgs({
  options: { grant: text, grants: text, asked: text, profiles: text, images: text, from: text },
  allowPositionals: true,
})
const { profiles = 'profiles', images = '', from = process.cwd() } = values

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`)
const absolute = (path: string): string => resolve(from, path)

function read(path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : absolute(path))
  } catch (error) {
    throw new Unusable((error as Error).message)
  }
}

function faultLines(faults: readonly GrantFault[]): string[] {
  return faults.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
}

/** The grants of --grants, else the presets alone. */
function grantsInForce(): Map<string, LoadedGrant> {
  return readGrants(values.grants === undefined ? [] : [absolute(values.grants)])
}

function check(paths: readonly string[]): number {
  const grants = readGrants(paths.map(absolute))
  print(Array.from(grants, ([name, { revision }]) => `${name.padEnd(24)} revision ${revision}`))
  return 0
}

function explain([path = '-']: readonly string[]): number {
  const name = values.grant ?? 'untrusted'
  const grants = grantsInForce()
  const grant = grants.get(name)
  if (grant === undefined)
    throw new Unusable(`there is no grant ${name}, but ${[...grants.keys()].join(', ')}`)
  const checked = checkJobSpec(parseStrictJson(read(path)))
  if (!checked.ok) {
    print([
      'deny: this is no job',
      ...checked.violations.map(
        ({ pointer, message }) => `  schema  ${pointer || '(the job)'}  ${message}`,
      ),
    ])
    return 1
  }
  const { catalogue, platform, isReal } = machineOf(profiles, images)
  const judged = judge(checked.spec, grant, catalogue, platform)
  const said = withSuggestion(checked.spec, judged, grant, catalogue, platform)
  print([
    ...explanation(said),
    ...(isReal
      ? []
      : [
          '(images are not readable from here: an image `default` with every language is supposed)',
        ]),
  ])
  return said.verdict === 'allow' ? 0 : 1
}

function testOne(path: string): { lines: string[]; passed: number; failed: number } {
  const file = absolute(path)
  const { table, faults } = readCaseTable(path, read(path).toString('utf8'))
  if (table === null) throw new GrantError(faults)
  const grants =
    table.grants === undefined
      ? grantsInForce()
      : readGrants([resolve(dirname(file), table.grants)])
  const { catalogue, platform } = machineOf(profiles, images, table.images ?? ['default'])
  const results = runCases(table, grants, catalogue, platform)
  const lines = results.flatMap(({ name, wrong, violations }) => [
    `${wrong.length === 0 ? 'ok    ' : 'not ok'}  ${name}`,
    ...wrong.map((line) => `          ${line}`),
    ...(wrong.length === 0 ? [] : violations).map(
      ({ rule, pointer, message }) => `          ${rule} ${pointer}: ${message}`,
    ),
  ])
  const failed = results.filter(({ wrong }) => wrong.length > 0).length
  return { lines, passed: results.length - failed, failed }
}

function test(paths: readonly string[]): number {
  const tables = paths.map(testOne)
  const sum = (key: 'passed' | 'failed'): number =>
    tables.reduce((total, table) => total + table[key], 0)
  print([
    ...tables.flatMap(({ lines }) => lines),
    `${sum('passed')} passed, ${sum('failed')} failed`,
  ])
  return sum('failed') === 0 ? 0 : 1
}

const checkAsked = Compile(AskedList)

function diff([old = '', now = '']: readonly string[]): number {
  const [before, after] = [readGrants([absolute(old)]), readGrants([absolute(now)])]
  print(changedGrants(grantChanges(before, after)))
  if (values.asked === undefined) {
    print([
      'jobs of the last day: not readable from here; run this as root on the machine of the api',
    ])
    return 0
  }
  const list = parseStrictJson(read(values.asked))
  if (!checkAsked.Check(list))
    throw new Unusable(`${values.asked} holds no list of what jobs asked`)
  const { catalogue, platform } = machineOf(profiles, images)
  const difference = askedDifference(list.asked, before, after, catalogue, platform)
  print(changedVerdicts(difference))
  return difference.changes.length === 0 ? 0 : 1
}

const verbs: Readonly<Record<string, (paths: readonly string[]) => number>> = {
  check,
  explain,
  test,
  diff,
}

try {
  const [verb = '', ...paths] = positionals
  process.exitCode = verbs[verb]?.(paths) ?? 2
} catch (error) {
  const isFault = error instanceof GrantError
  const lines = isFault
    ? faultLines(error.faults)
    : [`stockade policy: ${(error as Error).message}`]
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exitCode = isFault && positionals[0] === 'check' ? 1 : 2
}
