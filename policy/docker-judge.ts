// Judges a request of the Docker Engine API: a request and what is its tenant’s → the request that the engine gets, or every reason at once.
// The same rules judge as judge jobs; what an adapter has not read is refused.
import type { Catalogue } from '../contract/catalogue.js'
import type { Violation } from '../contract/verdict.js'
import { type Adapted, Findings, type Subject } from './docker-adapted.js'
import type { DockerCall, DockerContext, DockerRefused, DockerVerdict } from './docker-door.js'
import { type DockerEndpointJudge, judgedEndpoints } from './docker-endpoints.js'
import { DockerFields } from './docker-fields.js'
import { queryText, readQuery } from './docker-query.js'
import { walkDocker } from './docker-walk.js'
import { contextOf, violationsOf } from './engine.js'

const shownViolations = 5
/** From these words clients guess the exit code of a program that never ran. */
const misread =
  /no such file or directory|permission denied|is a directory|executable file not found/gi

function refused(violations: readonly Violation[], missing: string | null): DockerRefused {
  const only = (...ids: readonly string[]): boolean =>
    violations.every(({ rule }) => ids.includes(rule))
  if (missing !== null && only('image'))
    return { allowed: false, status: 404, message: `No such image: ${missing}`, violations }
  const status = only('docker-owner')
    ? 404
    : only('docker-form', 'docker-unknown-field')
      ? 400
      : 403
  const told = violations
    .slice(0, shownViolations)
    .map(({ rule, pointer, message }) => `${rule} ${pointer} ${message}`)
  const more =
    violations.length > told.length ? [`and ${violations.length - told.length} more`] : []
  const [first] = violations
  const message =
    status === 404 && first !== undefined
      ? first.message
      : `policy: ${[...told, ...more].join('; ')}`
  return { allowed: false, status, message: message.replace(misread, 'refused'), violations }
}

/** An image that is the tenant’s is in the catalogue, under the name it was asked by. */
function catalogueOf({ ask }: Adapted, context: DockerContext): Catalogue {
  const name = ask.image?.value
  const image = name === undefined ? null : context.owned.image(name)
  if (name === undefined || image === null) return { images: [], languages: [] }
  return {
    images: [{ name, digest: image.id.replace(/^sha256:/, ''), languages: {}, bytes: 0 }],
    languages: [],
  }
}

function unread(fields: DockerFields, judged: readonly string[]): Violation[] {
  return judged
    .filter((pointer) => !fields.wasRead(pointer))
    .map((pointer) => ({
      rule: 'docker-unread',
      pointer,
      message: 'No rule has judged this field.',
    }))
}

function subjectOf(endpoint: DockerEndpointJudge, call: DockerCall, context: DockerContext) {
  const body = walkDocker(endpoint.shape, endpoint.claims, call.body)
  const read = readQuery(endpoint.query, call.query)
  const query = walkDocker(endpoint.query, endpoint.queryClaims, read.value)
  const formal = [...body.violations, ...read.violations, ...query.violations]
  const subject: Subject = {
    call,
    context,
    body: new DockerFields(call.body),
    query: new DockerFields(read.value),
    passed: body.passed,
    passedQuery: query.passed,
    findings: new Findings(),
  }
  return { subject, formal, judgedBody: body.judged, judgedQuery: query.judged }
}

/** An engine has no Landlock to give: a grant that asks for it has no Docker. */
const platformOf = ({ apparmor }: DockerContext) => ({
  apparmor: apparmor !== null,
  landlockAbi: 0,
})

function judgeAdapted(endpoint: DockerEndpointJudge, adapted: Adapted, context: DockerContext) {
  const { grant } = context
  const under = contextOf(
    adapted.ask,
    grant,
    catalogueOf(adapted, context),
    platformOf(context),
    adapted.given,
  )
  const violations = violationsOf(adapted.ask, under, endpoint.rules ?? undefined)
  for (const { ask, rules } of adapted.further) violations.push(...violationsOf(ask, under, rules))
  return { violations, limits: under.resolved.limits }
}

function judgeCall(call: DockerCall, context: DockerContext): DockerVerdict {
  const endpoint = judgedEndpoints[call.endpoint]
  const { grant } = context.grant
  if (!grant.docker.allowed)
    return refused(
      [
        {
          rule: 'docker-grant',
          pointer: '',
          message: `The grant ${grant.name} gives no Docker Engine.`,
        },
      ],
      null,
    )
  const { subject, formal, judgedBody, judgedQuery } = subjectOf(endpoint, call, context)
  // What has no form cannot be read.
  if (formal.some(({ rule }) => rule === 'docker-form')) return refused(formal, null)
  const adapted = endpoint.adapt(subject)
  const judged = judgeAdapted(endpoint, adapted, context)
  const violations = [
    ...formal,
    ...subject.findings.violations,
    ...judged.violations,
    ...unread(subject.body, judgedBody),
    ...unread(subject.query, judgedQuery),
  ]
  if (violations.length > 0) return refused(violations, adapted.missingImage?.value ?? null)
  const written = adapted.write(judged.limits)
  const query = { ...subject.passedQuery, ...written.query }
  return {
    allowed: true,
    path: { ...call.path, ...written.path },
    query: Object.fromEntries(
      Object.entries(query).map(([name, value]) => [name, queryText(value)]),
    ),
    body: written.body ?? null,
    warnings: subject.findings.warnings,
  }
}

/** Never throws: what fails while it is judged is denied. */
export function judgeDocker(call: DockerCall, context: DockerContext): DockerVerdict {
  try {
    return judgeCall(call, context)
  } catch {
    const message = 'The request could not be judged, so it is denied.'
    return refused([{ rule: 'docker-unread', pointer: '', message }], null)
  }
}
