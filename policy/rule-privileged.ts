// Nobody is privileged.
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'

const judge: Judge = (ask) =>
  ask.privileged?.value === true
    ? deny(ask.privileged.pointer, 'Asked privileged; nobody gets that. Leave the field out.')
    : allowed

export const privileged: Rule = {
  id: 'privileged',
  title: 'Never privileged',
  why: 'It is every protection off at once, under one name.',
  references: [
    'CIS Docker 5.4 (no privileged containers)',
    'Kubernetes Pod Security, baseline: Privileged Containers',
  ],
  allows: 'false, or the field left out',
  repair: leaveOut,
  fields: ['/privileged'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'refused by the caller', job: { privileged: false } }],
    deny: [{ name: 'asked', job: { privileged: true } }],
  }),
}
