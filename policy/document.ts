// The page docs/policy.md, made from the rules themselves. Pure: the caller writes the file.
import { Grant } from '../contract/grant.js'
import { GrantDocker } from '../contract/grant-docker.js'
import { quotaFieldNames } from '../contract/quota.js'
import { type DockerRule, dockerRules } from './docker-rules.js'
import { presetGrants } from './grant-file.js'
import { policyRevision, rules } from './rules.js'
import { warningRules } from './warnings.js'

function ruleSection(rule: (typeof rules)[number]): string {
  const deny = rule
    .fixtures()
    .deny.slice(0, 4)
    .map((fixture) => `- ${fixture.name}`)
  return `### \`${rule.id}\`

${rule.title}. ${rule.why}

Answers: ${rule.references.join('; ')}.

Fields: ${rule.fields.map((field) => `\`${field}\``).join(', ')}. Since revision ${rule.revisions.map((revision) => revision.since).join(', ')}.

Denied, for example:

${deny.join('\n')}
`
}

/** The fields of a grant beside its limits, as the schema describes them. */
function fieldTable(): string {
  const { name: _name, limits: _limits, ...fields } = Grant.properties
  return tableOf(fields)
}

function tableOf(fields: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(fields).map(([field, schema]) => {
    const { description = '' } = schema as { description?: string }
    return `| \`${field}\` | ${description} |`
  })
  return ['| field | meaning |', '|---|---|', ...rows].join('\n')
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

function dockerRuleSection([id, { title, why, references }]: [string, DockerRule]): string {
  return `### \`${id}\`

${title}. ${why}

Answers: ${references.join('; ')}.
`
}

function warningSection(warning: (typeof warningRules)[number]): string {
  return `### \`${warning.id}\`

${warning.title}. ${warning.why}

Answers: ${warning.references.join('; ')}.
`
}

export function renderPolicy(): string {
  return `# Policy and grants

Generated from \`policy/\`; do not edit. Policy revision ${policyRevision}, ${rules.length} rules.

A job is judged by every rule at once; the answer lists every violation with the rule's id, a JSON pointer, what was asked and what would
be allowed. Where a program can put the job right, \`suggestion\` is the JSON Patch that does. The api judges a job at the door and the worker
again before it runs, each with its own files. What is allowed and unwise is said in \`warnings\`.

## Grants

A grant says what a class of tenants may ask. [How to write one](grants.md) is a page of its own; this one lists what there is.

${fieldTable()}

\`docker\` has these:

${tableOf(GrantDocker.properties)}

## Presets

Limits are default / maximum.

${presetTable()}

## Rules

Rules judge canonical forms: paths with \`//\`, \`/./\`, \`..\` and a trailing slash resolved, capabilities in every spelling, images by
digest, addresses in every notation. Symbolic links of the host are no part of that, because no path of the host is ever opened for a
job: every bind mount is denied, wherever it leads (\`host-path\`), and nothing outside of a sandbox opens by path what a
job could have written. A guard that lets a bind mount through must resolve it at the moment of use, not when it judges (CVE-2021-25741).

CIS numbers are those of the CIS Docker Benchmark 1.2 to 1.5; what Docker's requests come to under these rules is in
[Docker's fields](docker-fields.md).

${rules.map(ruleSection).join('\n')}
## Rules of the Docker door

What only a request of the Docker Engine API can ask. All else that it asks is judged by the rules above.

${Object.entries(dockerRules).map(dockerRuleSection).join('\n')}
## Warnings

They deny nothing, unless a grant names them in \`warningsRefused\`.

${warningRules.map(warningSection).join('\n')}`
}
