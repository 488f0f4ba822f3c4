// Namespaces: one rule for each kind, all of one shape. Every namespace is the job’s own, whatever it is called.
import type { NamespaceKind } from './ask.js'
import { denyEach, type Judge, leaveOut, pointerOf, type Rule } from './rule.js'
import { quote } from './wording.js'

export type Sharing = 'private' | 'host' | 'peer' | 'other'

/** What a namespace mode comes to, in any spelling that engines accept. A path to a namespace file is the host’s. */
export function sharingOf(mode: string): Sharing {
  if (mode === 'private') return 'private'
  const text = mode.trim().toLowerCase()
  if (text === 'host' || text.startsWith('host:')) return 'host'
  if (text.startsWith('ns:') || text.includes('/')) return 'host'
  return /^(container|job|service|pod|sandbox|pid|target):/.test(text) ? 'peer' : 'other'
}

const inWords: Readonly<Record<Exclude<Sharing, 'private'>, string>> = {
  host: 'the host’s',
  peer: 'another’s',
  other: 'no private one',
}

function judgeKind(kind: NamespaceKind): Judge {
  return (ask) =>
    denyEach(
      ask.namespaces.filter((namespace) => namespace.kind === kind),
      pointerOf,
      ({ value }) => {
        const sharing = sharingOf(value)
        return sharing === 'private'
          ? null
          : `Asked the ${kind} namespace ${quote(value)}, ${inWords[sharing]}; a job has its own. Only \`private\` can be asked.`
      },
    )
}

/** The processes of one tenant’s containers may see each other; no other kind is ever shared. */
function judgeGiven(kind: NamespaceKind): Judge {
  const judge = judgeKind(kind)
  return (ask, context) => {
    if (kind !== 'pid' || context.given.peers.length === 0) return judge(ask, context)
    const namespaces = ask.namespaces.filter(({ value }) => !context.given.peers.includes(value))
    return judge({ ...ask, namespaces }, context)
  }
}

const denied = [
  'host',
  'HOST',
  ' host',
  'container:abc',
  'job:job_0',
  'ns:/proc/1/ns/x',
  '/proc/1/ns/x',
  'shareable',
  'none',
  'Private',
]

export function namespaceRule(of: {
  kind: NamespaceKind
  title: string
  why: string
  references: readonly string[]
}): Rule {
  const { kind, title, why, references } = of
  return {
    id: `${kind}-namespace`,
    title,
    why,
    references,
    allows: '`private`, or the field left out',
    repair: leaveOut,
    fields: [`/namespaces/${kind}`],
    revisions: [
      { since: 1, judge: judgeKind(kind) },
      { since: 5, judge: judgeGiven(kind) },
    ],
    fixtures: () => ({
      allow: [{ name: 'its own', job: { namespaces: { [kind]: 'private' } } }],
      deny: denied.map((mode) => ({
        name: JSON.stringify(mode),
        job: { namespaces: { [kind]: mode } },
      })),
    }),
  }
}
