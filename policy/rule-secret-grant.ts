// Secrets by grant, as many as it gives, each under a name of its own.
import { allowed, deny, type Judge, type Rule } from './rule.js'

const judge: Judge = ({ secrets }, { grant }) => {
  const first = secrets[grant.secrets]
  if (first === undefined) return allowed
  const most = grant.secrets === 0 ? 'none' : `at most ${grant.secrets}`
  return deny(
    first.name.pointer,
    `Asked ${secrets.length} secrets; the grant ${grant.name} gives ${most}.`,
  )
}

const token = { name: 'TOKEN', value: 'correct horse' }
const few = { secrets: 1 }

export const secretGrant: Rule = {
  id: 'secret-grant',
  title: 'Secrets within the grant',
  why: 'Code that nobody vouches for is given nobody’s secrets; and what is looked for in all output costs time with each of them.',
  references: [
    'CWE-522 (credentials that are not protected)',
    'CWE-770 (allocation without limits)',
  ],
  allows: ({ context }) => `at most ${context.grant.secrets} secrets`,
  fields: ['/secrets/*/name'],
  revisions: [{ since: 4, judge }],
  fixtures: () => ({
    allow: [
      { name: 'as many as there are', job: { secrets: [token] }, grant: few },
      { name: 'a stored one', job: { secrets: [{ name: 'TOKEN' }] }, grant: few },
      { name: 'none' },
    ],
    deny: [
      { name: 'one where there are none', job: { secrets: [token] }, grant: { secrets: 0 } },
      { name: 'one too many', job: { secrets: [token, { ...token, name: 'B' }] }, grant: few },
    ],
  }),
}
