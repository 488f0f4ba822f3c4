// A grant that requires AppArmor runs nowhere else.
import { allowed, deny, type Judge, type Rule } from './rule.js'

const judge: Judge = (_ask, { grant, platform }) =>
  grant.apparmorRequired && !platform.apparmor
    ? deny(
        '',
        `The grant ${grant.name} requires AppArmor, which this machine’s kernel does not have in force.`,
      )
    : allowed

export const apparmorRequired: Rule = {
  id: 'apparmor-required',
  title: 'AppArmor where the grant requires it',
  why: 'Protection never degrades silently.',
  references: ['CIS Docker 5.1 (AppArmor profile)', 'CWE-636 (not failing securely)'],
  allows: 'a machine whose kernel has AppArmor in force, or a grant without `apparmorRequired`',
  fields: [''],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'there', grant: { apparmorRequired: true }, platform: { apparmor: true } },
      { name: 'not required', platform: { apparmor: false } },
    ],
    deny: [{ name: 'missing', grant: { apparmorRequired: true }, platform: { apparmor: false } }],
  }),
}
