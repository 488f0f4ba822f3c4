// Each rule by its own fixtures, and all of them together: complete over the schema, none left out of the list.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { Compile } from 'typebox/compile'
import { JobSpec } from '../../contract/job.js'
import { Plan } from '../../contract/plan.js'
import { judge } from '../../policy/engine.js'
import { warningRefused } from '../../policy/rule-warning-refused.js'
import { rules } from '../../policy/rules.js'
import { warningRules } from '../../policy/warnings.js'
import { caseOf, catalogue } from './fixture.js'

const checkPlan = Compile(Plan)

for (const rule of rules) {
  t.test(`rule ${rule.id}`, async (t) => {
    const { allow, deny } = rule.fixtures()
    t.ok(allow.length > 0 && deny.length > 0, 'has examples of both verdicts')
    for (const fixture of allow) {
      const { spec, grant, platform } = caseOf(fixture)
      const own = judge(spec, grant, catalogue, platform).violations.filter(
        (violation) => violation.rule === rule.id,
      )
      t.strictSame(own, [], `allows ${fixture.name}`)
    }
    for (const fixture of deny) {
      const { spec, grant, platform } = caseOf(fixture)
      const verdict = judge(spec, grant, catalogue, platform)
      const own = verdict.violations.filter((violation) => violation.rule === rule.id)
      t.ok(own.length > 0, `denies ${fixture.name}`)
      t.equal(verdict.plan, null)
    }
  })
}

t.test('every rule file is in the list, under its own name', async (t) => {
  const files = readdirSync('policy').flatMap((name) => /^rule-(.+)\.ts$/.exec(name)?.[1] ?? [])
  t.strictSame(files.sort(), rules.map((rule) => rule.id).sort())
})

t.test('names everything that is wrong, each with its place', async (t) => {
  const { grant, platform } = caseOf({ name: '' })
  const verdict = judge(
    {
      language: 'python',
      source: 'x',
      privileged: true,
      mounts: [{ type: 'bind', source: '/', target: '/host' }],
      namespaces: { pid: 'host', user: 'host' },
      capabilities: { add: ['SYS_ADMIN'] },
      seccomp: 'unconfined',
      apparmor: 'unconfined',
      env: { 'a/b': 'x' },
    },
    grant,
    catalogue,
    platform,
  )
  const pointers = new Set(verdict.violations.map((violation) => violation.pointer))
  for (const pointer of [
    '/privileged',
    '/mounts/0/source',
    '/namespaces/pid',
    '/namespaces/user',
    '/capabilities/add/0',
    '/seccomp',
    '/apparmor',
    '/env/a~1b',
  ]) {
    t.ok(pointers.has(pointer), pointer)
  }
})

t.test(
  'an allowed job has a plan that matches its schema; equal input, equal verdict',
  async (t) => {
    for (const language of ['python', 'c']) {
      const { spec, grant, platform } = caseOf({ name: '', job: { language } })
      const once = judge(spec, grant, catalogue, platform)
      t.ok(checkPlan.Check(once.plan), JSON.stringify([...checkPlan.Errors(once.plan)]))
      t.strictSame(judge(spec, grant, catalogue, platform), once)
    }
  },
)

/** Fields that no rule need judge, each with its reason. */
const excused: Readonly<Record<string, string>> = {
  '/mounts/*/readOnly': 'no mount is given, so there is nothing to write to or not',
  '/capabilities/drop/*': 'every capability is dropped anyway',
  '/steps/*/if': 'when a step is run; whatever it says, all steps together are within the grant',
  '/steps/*/continueOnError': 'what the job’s outcome is; nothing is run by it that is not judged',
  '/secrets/*/as': 'a file or a variable; both are the job’s own',
  '/secrets/*/mode': 'permission bits alone, by the schema, of a file that is the job’s own',
  '/artifacts/*/when': 'whether they are kept; what is kept is judged by artifact-grant',
  '/source': 'the program itself; bounded by the schema and the disk limit',
  '/files/*/content': 'bytes of a file; their size is judged by file-size',
  '/files/*/contentBase64': 'bytes of a file; their size is judged by file-size',
  '/stdin': 'bytes; their size is judged by stdin-size',
  '/stdinBase64': 'bytes; their size is judged by stdin-size',
}

type Schema = {
  properties?: Record<string, Schema>
  items?: Schema
  patternProperties?: Record<string, Schema>
}

function leaves(schema: Schema, path: string): string[] {
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([name, inner]) =>
      leaves(inner, `${path}/${name}`),
    )
  }
  if (schema.items !== undefined) return leaves(schema.items, `${path}/*`)
  if (schema.patternProperties !== undefined) return [`${path}/*`]
  return [path]
}

const claimed = rules.flatMap((rule) => rule.fields)
const covers = (field: string): boolean =>
  claimed.some(
    (claim) =>
      claim === field ||
      (claim !== '' && (field.startsWith(`${claim}/`) || claim.startsWith(`${field}/`))),
  )

t.test('every field of a job is claimed by a rule or excused with a reason', async (t) => {
  const fields = leaves(JobSpec as unknown as Schema, '')
  t.ok(fields.length > 40, `${fields.length} fields`)
  for (const field of fields) t.ok(covers(field) || Object.hasOwn(excused, field), field)
})

t.test('a member that nobody judges yet is found where others are judged one by one', async (t) => {
  for (const parent of ['/limits', '/user', '/namespaces', '/capabilities', '/mounts/*']) {
    t.ok(leaves(JobSpec as unknown as Schema, '').some((field) => field.startsWith(`${parent}/`)))
    t.notOk(covers(`${parent}/brandNew`), parent)
  }
})

t.test('a warning that a grant refuses is claimed where it points', async (t) => {
  const { fields } = warningRefused
  const asked: Partial<JobSpec>[] = [
    { user: { uid: 0, gid: 5 } },
    { user: { uid: 5, gid: 0 } },
    { limits: { wallMs: 600_000, cpuMs: 1 } },
    { limits: { diskBytes: 2 ** 30, memoryBytes: 2 ** 30 } },
    { env: { PASSWORD: 'x' } },
    { arguments: ['--password=x'] },
    { seccomp: 'learn' },
    { seccompAudit: 'default' },
  ]
  const warningsRefused = warningRules.map(({ id }) => id)
  for (const job of asked) {
    const { spec, grant, platform } = caseOf({ name: '', job, grant: { warningsRefused } })
    const refused = judge(spec, grant, catalogue, platform).violations.filter(
      ({ rule }) => rule === warningRefused.id,
    )
    t.ok(refused.length > 0, JSON.stringify(job))
    for (const { pointer } of refused)
      t.ok(fields.includes(pointer.replace(/^(\/(?:env|arguments))\/.*$/, '$1/*')), pointer)
  }
})

t.test('the docs hold each rule', async (t) => {
  const page = readFileSync('docs/policy.md', 'utf8')
  for (const rule of rules) t.ok(page.includes(`### \`${rule.id}\`\n`), rule.id)
})
