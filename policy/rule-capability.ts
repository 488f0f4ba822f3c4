// Capabilities by white-list: what the grant names and the runtime can give, which is none today.
import { type Grant, runtimeCapabilities } from '../contract/grant.js'
import type { Ask } from './ask.js'
import { canonicalCapability } from './capability-name.js'
import { type Denial, denyEach, type Judge, leaveOut, pointerOf, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

const givenBy = (grant: Grant): string[] =>
  grant.capabilities.filter((name) => runtimeCapabilities.includes(name))

const judge: Judge = (ask, { grant }) => judgeBy(ask, grant, givenBy(grant))

/** What the runtime behind the door can give is the door’s to say. */
const judgeGiven: Judge = (ask, { grant, given }) => judgeBy(ask, grant, given.capabilities)

function judgeBy(ask: Ask, grant: Grant, given: readonly string[]): readonly Denial[] {
  return denyEach(ask.capabilitiesAdded, pointerOf, ({ value }) => {
    const name = canonicalCapability(value)
    if (given.includes(name)) return null
    const meant = name === value ? '' : ` (${quote(name)})`
    return `Asked the capability ${quote(value)}${meant}; the grant ${grant.name} gives: ${listing(given)}.`
  })
}

const spellings = [
  'SYS_ADMIN',
  'CAP_SYS_ADMIN',
  'sys_admin',
  'cap_sys_admin',
  'Cap_Net_Raw',
  ' CAP_CHOWN ',
  'ALL',
  'all',
  'CAP_ALL',
  'NET-ADMIN',
]

export const capability: Rule = {
  id: 'capability',
  title: 'Capabilities by white-list',
  why: 'Every capability set of a job is empty. A list of dangerous ones would miss the next; a list of allowed ones cannot, and every spelling is brought to one before it is compared.',
  references: [
    'CIS Docker 5.3 (capabilities restricted)',
    'Kubernetes Pod Security, restricted: Capabilities',
    'CVE-2022-0492',
  ],
  allows: ({ context: { given } }) => listing(given.capabilities),
  repair: leaveOut,
  fields: ['/capabilities/add/*'],
  revisions: [
    { since: 1, judge },
    { since: 5, judge: judgeGiven },
  ],
  fixtures: () => ({
    allow: [
      { name: 'none', job: { capabilities: { add: [] } } },
      { name: 'dropping', job: { capabilities: { drop: ['ALL', 'net_raw'] } } },
    ],
    deny: [
      ...spellings.map((name) => ({
        name: JSON.stringify(name),
        job: { capabilities: { add: [name] } },
      })),
      {
        name: 'one that the grant names but the runtime cannot give',
        job: { capabilities: { add: ['NET_BIND_SERVICE'] } },
        grant: { capabilities: ['CAP_NET_BIND_SERVICE'] },
      },
    ],
  }),
}
