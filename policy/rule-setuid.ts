// No gain of privilege through set-uid programs.
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'

const judge: Judge = (ask) =>
  ask.setuid?.value === true
    ? deny(
        ask.setuid.pointer,
        'Asked that set-uid programs gain privilege; no_new_privs is on for every job. Leave the field out.',
      )
    : allowed

export const setuid: Rule = {
  id: 'setuid',
  title: 'No set-uid gain',
  why: 'no_new_privs also is what lets an unprivileged process install its filter; without it the filter would need a capability.',
  references: [
    'CIS Docker 5.25 (no new privileges)',
    'Kubernetes Pod Security, restricted: Privilege Escalation',
  ],
  allows: 'false, or the field left out',
  repair: leaveOut,
  fields: ['/allowSetuid'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'refused by the caller', job: { allowSetuid: false } }],
    deny: [{ name: 'asked', job: { allowSetuid: true } }],
  }),
}
