// Networks by grant.
import { sharingOf } from './namespace-rule.js'
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

const judge: Judge = (ask, { grant }) => {
  if (ask.network === null) return allowed
  const { value, pointer } = ask.network
  if ((grant.networks as readonly string[]).includes(value)) return allowed
  // Those have a rule, and a reason, of their own.
  if (sharingOf(value) === 'host' || sharingOf(value) === 'peer') return allowed
  return deny(
    pointer,
    `Asked the network ${quote(value)}; the grant ${grant.name} gives: ${listing(grant.networks)}.`,
  )
}

const judgeGiven: Judge = (ask, context) =>
  ask.network !== null && context.given.networks.includes(ask.network.value)
    ? allowed
    : judge(ask, context)

export const networkGrant: Rule = {
  id: 'network-grant',
  title: 'Networks by grant',
  why: 'A job that can reach the metadata service or Redis owns the host’s credentials; so there is none unless it is given.',
  references: ['CIS Docker 5.29 (not the default bridge)', 'CWE-918 (server-side request forgery)'],
  allows: ({ context: { grant } }) => listing(grant.networks),
  repair: leaveOut,
  fields: ['/network'],
  revisions: [
    { since: 1, judge },
    { since: 5, judge: judgeGiven },
  ],
  fixtures: () => ({
    allow: [
      { name: 'none', job: { network: 'none' } },
      { name: 'loopback of its own', job: { network: 'loopback' } },
    ],
    deny: [
      ...['bridge', 'default', 'NONE', 'egress', 'private', 'slirp4netns'].map((network) => ({
        name: network,
        job: { network },
      })),
      {
        name: 'beyond the grant',
        job: { network: 'loopback' },
        grant: { networks: ['none' as const] },
      },
    ],
  }),
}
