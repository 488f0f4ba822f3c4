// Reference pages made from the code itself: errors, metrics, settings, the interface, the walk. Pure: texts in, texts out.
import { Settings, variableOf } from '../contract/config.js'
import { type ErrorRow, errors } from '../contract/error.js'
import { type MetricRow, metrics } from '../contract/metric.js'

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))]
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n')
}

const generated = (source: string): string =>
  `Generated from \`${source}\` by \`npm run gen\`; do not edit.`

export function renderErrors(): string {
  const sections = (Object.entries(errors) as [string, ErrorRow][]).map(
    ([code, row]) => `## \`${code}\`\n\n**${row.status}.** ${row.title}. ${row.meaning}\n`,
  )
  return `# Errors

${generated('contract/error.ts')}

Every error is \`application/problem+json\` (RFC 9457). \`code\` is stable for ever. \`violations\` lists every fault at once, each with the
rule's id (\`schema\` for a fault of form) and a JSON pointer (RFC 6901); faults of a query point into \`/query\`. \`requestId\` is the one
in our log and in the header \`X-Request-Id\`.

${sections.join('\n')}`
}

export function renderMetrics(): string {
  const rows = (Object.entries(metrics) as [string, MetricRow][]).map(([name, row]) => [
    `\`${name}\``,
    row.kind,
    row.owner,
    row.labels.join(', '),
    row.help,
  ])
  return `# Metrics

${generated('contract/metric.ts')}

The api serves them at \`/metrics\` of its own address, or at that of \`metricsAddress\` alone where it is set; a worker at
\`workerMetricsAddress\`. Beside these stand the usual figures of the process (\`process_*\`, \`nodejs_*\`: memory, event loop, garbage
collection). No label names a job or a key, and a tenant only where \`metricsAddress\` is set (\`tenantMetricsMax\`).

${table(['name', 'kind', 'process', 'labels', 'meaning'], rows)}
`
}

type Property = {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly default: unknown
  readonly description: string
}

function rangeOf(property: Property): string {
  if (property.enum !== undefined) return property.enum.join(', ')
  if (property.minimum === undefined) return property.type ?? ''
  return `${property.minimum} … ${property.maximum}`
}

export function renderSettings(): string {
  const properties = Settings.properties as unknown as Record<string, Property>
  const rows = Object.entries(properties).map(([name, property]) => [
    `\`${name}\``,
    `\`${variableOf(name)}\``,
    property.default === '' ? '' : `\`${String(property.default)}\``,
    rangeOf(property),
    property.description,
  ])
  return `# Settings

${generated('contract/config.ts')}

A setting stands in the YAML file that \`STOCKADE_CONFIG\` names (\`./stockade up\` writes \`/etc/<instance>/stockade.yaml\`), or in a variable,
which wins. An unknown setting or variable is an error, and so is a value out of range. Times and sizes have their unit in the name.

${table(['setting', 'variable', 'default', 'values', 'meaning'], rows)}
`
}

type Json = { readonly [name: string]: unknown }
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const objectOf = (value: unknown): Json => (isObject(value) ? value : {})

function boundsOf(schema: Json): string {
  const bounds: string[] = []
  for (const name of [
    'minimum',
    'exclusiveMinimum',
    'maximum',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'maxProperties',
    'pattern',
  ]) {
    if (schema[name] !== undefined) bounds.push(`${name} \`${String(schema[name])}\``)
  }
  return bounds.join(', ')
}

function typeOf(schema: Json): string {
  if (typeof schema.$ref === 'string') return schema.$ref.split('/').at(-1) ?? ''
  if (Array.isArray(schema.enum))
    return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  if (Array.isArray(schema.anyOf))
    return schema.anyOf.map((member) => typeOf(objectOf(member))).join(' or ')
  if (schema.type === 'array') return `${typeOf(objectOf(schema.items))}[]`
  return String(schema.type ?? 'any')
}

/** Members of objects inside arrays and nullable objects are listed with their parent. */
function innerOf(schema: Json): readonly [Json, string] {
  if (schema.type === 'array') return [objectOf(schema.items), '[]']
  const members = Array.isArray(schema.anyOf) ? schema.anyOf.map(objectOf) : []
  return [members.find((member) => isObject(member.properties)) ?? schema, '']
}

function fieldRows(schema: Json, prefix: string): string[][] {
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  return Object.entries(objectOf(schema.properties)).flatMap(([name, member]) => {
    const field = objectOf(member)
    const [inner, suffix] = innerOf(field)
    const row = [
      `\`${prefix}${name}${suffix}\``,
      typeOf(field),
      required.has(name) ? 'yes' : '',
      boundsOf(field),
      String(field.description ?? ''),
    ]
    return [
      row,
      ...(isObject(inner.properties) ? fieldRows(inner, `${prefix}${name}${suffix}.`) : []),
    ]
  })
}

const fieldTable = (schema: Json): string =>
  table(['field', 'type', 'required', 'bounds', 'meaning'], fieldRows(schema, ''))

function parameterRows(operation: Json): string[][] {
  const parameters = Array.isArray(operation.parameters) ? operation.parameters.map(objectOf) : []
  return parameters.map((parameter) => {
    const schema = objectOf(parameter.schema)
    const meaning = parameter.description ?? schema.description ?? ''
    return [
      `\`${String(parameter.name)}\``,
      String(parameter.in),
      boundsOf(schema) || typeOf(schema),
      String(meaning),
    ]
  })
}

function operationSection(path: string, method: string, operation: Json): string {
  const rows = parameterRows(operation)
  const parts = [
    `### ${method.toUpperCase()} ${path}`,
    `${String(operation.summary)}. ${String(operation.description ?? '')}`.trim(),
  ]
  if (rows.length > 0) parts.push(table(['parameter', 'in', 'values', 'meaning'], rows))
  return parts.join('\n\n')
}

const frontMatter = `A key goes with every request under \`/v1\`: \`Authorization: Bearer sk_…\`. \`./stockade key create --tenant NAME\` makes one. What a key
may do is its scopes: \`submit\` (send, evaluate, cancel), \`read\`, and \`admin\` (the operator's: all tenants and keys). Bodies are \`application/json\`, UTF-8, without duplicate keys;
unknown fields and unknown query parameters are refused. Errors are in [errors.md](errors.md), the machine-readable form of this page in
[openapi.json](openapi.json), and a page to try it at \`/docs\` of a running service.

\`wait=SECONDS\` keeps the request open until the job ends; so does \`Prefer: wait=SECONDS\` (RFC 7240). \`Idempotency-Key\` (1 to 255
visible ASCII characters, kept as long as a finished job) makes sending again safe: the same key and body give the same job, another body
is refused with 409. Events resume after \`Last-Event-ID\`.

No key is needed for \`/healthz\`, \`/readyz\`, \`/metrics\`, \`/openapi.json\` and \`/docs\`: they say nothing of any tenant or job. To close
\`/metrics\`, give it a listener of its own (\`metricsAddress\`). What is under \`/v1/admin\` is on the admin socket too, without a key, for root and
the service’s own user. A key that is revoked, or whose tenant is disabled, stops working within five seconds in every process. Quotas, the
\`RateLimit\` headers, usage, and two admins at once: [tenants.md](tenants.md).`

/** The page of the interface, from its OpenAPI document. */
export function renderApi(document: Json): string {
  const operations = Object.entries(objectOf(document.paths)).flatMap(([path, methods]) =>
    Object.entries(objectOf(methods)).map(([method, operation]) =>
      operationSection(path, method, objectOf(operation)),
    ),
  )
  const schemas = Object.entries(objectOf(objectOf(document.components).schemas))
  const schemaSections = schemas.map(([name, schema]) => {
    const { description } = objectOf(schema)
    const sentence = typeof description === 'string' ? `${description}\n\n` : ''
    return `### ${name}\n\n${sentence}${fieldTable(objectOf(schema))}`
  })
  return `# HTTP interface

${generated('contract/ and the routes in api/')}

${frontMatter}

## Operations

${operations.join('\n\n')}

## Schemas

${schemaSections.join('\n\n')}
`
}

export type WalkStep = { readonly file: string; readonly text: string }

const stepLine = /^(?:\/\/|\/\*) Step (\d+) of 10: (.*?)(?: \*\/)?$/m

/** The page of the walk, from the first lines of the files that own its steps (test/tidy.test.ts: each step has one owner). */
export function renderWalk(files: readonly WalkStep[]): string {
  const steps = files
    .flatMap(({ file, text }) => {
      const [, number, meaning] = stepLine.exec(text) ?? []
      return number === undefined || meaning === undefined
        ? []
        : [{ number: Number(number), file, meaning }]
    })
    .sort((a, b) => a.number - b.number)
  const rows = steps.map(({ number, file, meaning }) => [String(number), `\`${file}\``, meaning])
  return `# The walk: one job, ten steps, ten owners

Generated from the first lines of the files that own the steps, by \`npm run gen\`; do not edit.

Follow one job through the code by opening these files in turn. Between steps 4 and 5 lies Redis, where trust ends: whatever comes out
of it is checked and judged again.

${table(['step', 'owner', 'what comes in → what goes out'], rows)}
`
}
