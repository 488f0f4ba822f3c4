// No traffic between jobs: nobody joins another’s network.
import { sharingOf } from './namespace-rule.js'
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

const judge: Judge = (ask, { grant }) => {
  if (ask.network === null || sharingOf(ask.network.value) !== 'peer') return allowed
  const { value, pointer } = ask.network
  return deny(
    pointer,
    `Asked ${quote(value)}, another’s network; jobs have no traffic with each other. Choose from: ${listing(grant.networks)}.`,
  )
}

/** A tenant’s own containers may share one network, as the processes of one job do. */
const judgeGiven: Judge = (ask, context) =>
  ask.network !== null && context.given.peers.includes(ask.network.value)
    ? allowed
    : judge(ask, context)

export const networkSharing: Rule = {
  id: 'network-sharing',
  title: 'No network between jobs',
  why: 'Two jobs on one network are one job with two owners.',
  references: ['CIS Docker 2.2 (no traffic between containers)'],
  allows: ({ context: { grant } }) => listing(grant.networks),
  repair: leaveOut,
  fields: ['/network'],
  revisions: [
    { since: 1, judge },
    { since: 5, judge: judgeGiven },
  ],
  fixtures: () => ({
    allow: [{ name: 'none', job: { network: 'none' } }],
    deny: ['container:abc', 'job:job_0', 'Container:x', 'service:db', 'pod:x', 'sandbox:y'].map(
      (network) => ({
        name: network,
        job: { network },
      }),
    ),
  }),
}
