// Artifacts by grant, from the workspace alone.
import { pathFault } from './path.js'
import { allowed, deny, denyEach, type Judge, pointerOf, type Rule } from './rule.js'
import { quote } from './wording.js'

const judge: Judge = ({ artifacts }, { grant }) => {
  const [first] = artifacts
  if (first === undefined) return allowed
  if (grant.artifactFiles === 0)
    return deny(first.pointer, `The grant ${grant.name} gives no artifacts.`)
  return denyEach(artifacts, pointerOf, ({ value }) => {
    const fault = pathFault(value.replace(/^!/, ''))
    return fault === null ? null : `${quote(value)} ${fault}; give a path in the workspace.`
  })
}

const grant = { artifactFiles: 10 }
const of = (...paths: string[]) => ({ artifacts: paths.map((path) => ({ path })) })

export const artifactGrant: Rule = {
  id: 'artifact-grant',
  title: 'Artifacts within the grant, and from the workspace',
  why: 'They are kept on the operator’s disk when the job is gone; and a path that leads out of the workspace is how hosts have been written to.',
  references: ['CVE-2024-28185', 'CVE-2024-28189', 'CWE-22 (path traversal)'],
  allows: ({ context }) =>
    context.grant.artifactFiles === 0
      ? 'none'
      : 'a relative path of plain components, `*`, `?`, `**`',
  fields: ['/artifacts/*/path'],
  revisions: [{ since: 4, judge }],
  fixtures: () => ({
    allow: [{ name: 'patterns', job: of('dist', '**/*.log', '!dist/x?'), grant }, { name: 'none' }],
    deny: [
      { name: 'where there are none', job: of('dist'), grant: { artifactFiles: 0 } },
      { name: 'an absolute path', job: of('/etc/passwd'), grant },
      { name: 'out of the workspace', job: of('../x', 'a/../../b'), grant },
      { name: 'a line feed', job: of('a\nb'), grant },
      { name: 'nothing taken out', job: of('!'), grant },
    ],
  }),
}
