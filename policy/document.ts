// The page docs/policy.md, made from the rules themselves. Pure: the caller writes the file.
import { quotaFieldNames } from '../contract/quota.js'
import { presetGrants } from './grant-file.js'
import { policyRevision, rules } from './rules.js'

function ruleSection(rule: (typeof rules)[number]): string {
  const deny = rule
    .fixtures()
    .deny.slice(0, 4)
    .map((fixture) => `- ${fixture.name}`)
  return `### \`${rule.id}\`

${rule.title}. ${rule.why}

Fields: ${rule.fields.map((field) => `\`${field}\``).join(', ')}. Since revision ${rule.revisions.map((revision) => revision.since).join(', ')}.

Denied, for example:

${deny.join('\n')}
`
}

function presetTable(): string {
  const names = Object.keys(presetGrants) as (keyof typeof presetGrants)[]
  const limits = Object.keys(
    presetGrants.untrusted.limits,
  ) as (keyof typeof presetGrants.untrusted.limits)[]
  const cell = (value: number | { default: number; maximum: number }): string =>
    typeof value === 'number' ? String(value) : `${value.default} / ${value.maximum}`
  const rows = limits.map(
    (limit) =>
      `| \`${limit}\` | ${names.map((name) => cell(presetGrants[name].limits[limit])).join(' | ')} |`,
  )
  const root = `| root inside | ${names.map((name) => (presetGrants[name].rootInside ? 'yes' : 'no')).join(' | ')} |`
  const network = `| networks | ${names.map((name) => presetGrants[name].networks.join(', ')).join(' | ')} |`
  const quotas = quotaFieldNames.map(
    (quota) => `| \`${quota}\` | ${names.map((name) => presetGrants[name][quota]).join(' | ')} |`,
  )
  const weight = `| \`weight\` | ${names.map((name) => presetGrants[name].weight).join(' | ')} |`
  return [
    `| | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---|').join('')}`,
    ...rows,
    root,
    network,
    ...quotas,
    weight,
  ].join('\n')
}

export function renderPolicy(): string {
  return `# Policy and grants

Generated from \`policy/\`; do not edit. Policy revision ${policyRevision}, ${rules.length} rules.

A job is judged by every rule at once; the answer lists every violation with the rule's id and a JSON pointer. The api judges it at the
door and the worker again before it runs, each with its own files.

## Grants

A grant says what a class of tenants may ask. It is a YAML file in the grant directory (\`/etc/stockade/grants\`), on top of a preset:

\`\`\`yaml
name: course-2026
extends: grader
limits:
  wallMs: { default: 5000, maximum: 20000 }
  memoryBytes: { default: 268435456, maximum: 536870912 }
languages: [python, c, cpp]
\`\`\`

\`./stockade key create --tenant NAME --grant course-2026\` makes a key under it. Files are read again when they change; a file with a fault
leaves the old set in force, and the fault is logged with file, line and column. Limits below are default / maximum.

${presetTable()}

## Rules

${rules.map(ruleSection).join('\n')}`
}
