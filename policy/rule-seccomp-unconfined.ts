// No job without a system-call filter.
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

const judge: Judge = (ask, { grant }) => {
  if (ask.seccomp === null || !/unconfined/i.test(ask.seccomp.value)) return allowed
  return deny(
    ask.seccomp.pointer,
    `Asked seccomp ${quote(ask.seccomp.value)}; nobody runs without a filter. Choose from: ${listing(grant.seccompProfiles)}.`,
  )
}

export const seccompUnconfined: Rule = {
  id: 'seccomp-unconfined',
  title: 'Never without a system-call filter',
  why: 'Most kernel faults of the last ten years were behind calls that no program in a sandbox needs.',
  references: [
    'CIS Docker 5.21 (seccomp in force)',
    'Kubernetes Pod Security, baseline: Seccomp',
    'CVE-2022-0185',
  ],
  allows: ({ context: { grant } }) => listing(grant.seccompProfiles),
  repair: leaveOut,
  fields: ['/seccomp'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'default', job: { seccomp: 'default' } }],
    deny: ['unconfined', 'Unconfined', ' UNCONFINED', 'seccomp=unconfined'].map((seccomp) => ({
      name: JSON.stringify(seccomp),
      job: { seccomp },
    })),
  }),
}
