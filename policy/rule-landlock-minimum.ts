// A grant that requires Landlock runs only where the kernel has that much of it.
import { allowed, deny, type Judge, type Rule } from './rule.js'

const judge: Judge = (_ask, { grant, platform }) =>
  platform.landlockAbi < grant.landlockAbiMinimum
    ? deny(
        '',
        `The grant ${grant.name} requires Landlock ABI ${grant.landlockAbiMinimum}; this machine’s kernel has ${platform.landlockAbi}.`,
      )
    : allowed

export const landlockMinimum: Rule = {
  id: 'landlock-minimum',
  title: 'Landlock as the grant requires it',
  why: 'Protection never degrades silently.',
  references: ['CWE-636 (not failing securely)'],
  allows: 'a machine with a newer Landlock, or a grant with a lower `landlockAbiMinimum`',
  fields: [''],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'enough', grant: { landlockAbiMinimum: 4 }, platform: { landlockAbi: 4 } }],
    deny: [
      { name: 'too little', grant: { landlockAbiMinimum: 5 }, platform: { landlockAbi: 4 } },
      { name: 'none', grant: { landlockAbiMinimum: 1 }, platform: { landlockAbi: 0 } },
    ],
  }),
}
