// No job outside AppArmor where there is AppArmor.
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'
import { quote } from './wording.js'

const judge: Judge = (ask) => {
  if (ask.apparmor === null || !/unconfined/i.test(ask.apparmor.value)) return allowed
  return deny(
    ask.apparmor.pointer,
    `Asked AppArmor ${quote(ask.apparmor.value)}; nobody runs unconfined. Leave the field out.`,
  )
}

export const apparmorUnconfined: Rule = {
  id: 'apparmor-unconfined',
  title: 'Never unconfined by AppArmor',
  why: 'It is one layer of several, and none of them is the caller’s to take off.',
  references: ['CIS Docker 5.1 (AppArmor profile)', 'Kubernetes Pod Security, baseline: AppArmor'],
  allows: 'the field left out: every job is confined',
  repair: leaveOut,
  fields: ['/apparmor'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'the profile in force', job: { apparmor: 'stockade-job-default' } }],
    deny: [
      'unconfined',
      'Unconfined',
      'apparmor=unconfined',
      'stockade-job-default//&unconfined',
    ].map((apparmor) => ({ name: apparmor, job: { apparmor } })),
  }),
}
