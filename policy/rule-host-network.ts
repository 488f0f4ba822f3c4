// Never the host’s network.
import { sharingOf } from './namespace-rule.js'
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

const judge: Judge = (ask, { grant }) => {
  if (ask.network === null || sharingOf(ask.network.value) !== 'host') return allowed
  const { value, pointer } = ask.network
  return deny(
    pointer,
    `Asked ${quote(value)}, the host’s network; nobody gets that. Choose from: ${listing(grant.networks)}.`,
  )
}

export const hostNetwork: Rule = {
  id: 'host-network',
  title: 'Never the host’s network',
  why: 'On it are the loopback services, the metadata address and every neighbour that trusts this host.',
  references: [
    'CIS Docker 5.9 (not the host’s network)',
    'Kubernetes Pod Security, baseline: Host Namespaces',
    'CVE-2020-15257',
  ],
  allows: ({ context: { grant } }) => listing(grant.networks),
  repair: leaveOut,
  fields: ['/network'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'none', job: { network: 'none' } },
      { name: 'loopback of its own', job: { network: 'loopback' } },
    ],
    deny: ['host', 'HOST', ' host ', 'host:eth0', '/proc/1/ns/net', 'ns:/run/netns/x'].map(
      (network) => ({
        name: JSON.stringify(network),
        job: { network },
      }),
    ),
  }),
}
