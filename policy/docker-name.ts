// Names of objects, as Docker has them: letters, digits, `_`, `.` and `-`.
import type { Subject } from './docker-adapted.js'
import type { ObjectKind } from './docker-door.js'

const plainName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/

/** The name of an object that is made: of a container in the query, of others in the body. Null where the engine is to choose. */
export function askedName({ body, query, findings }: Subject, kind: ObjectKind): string | null {
  const asked = kind === 'container' ? query.text('/name') : body.text('/Name')
  if (asked === null) return null
  const name = kind === 'container' ? asked.value.replace(/^\//, '') : asked.value
  if (!plainName.test(name))
    findings.deny(
      'docker-name',
      asked,
      `A name of a ${kind} has letters, digits, \`_\`, \`.\` and \`-\`, at most 128, a letter or digit first.`,
    )
  return name
}
