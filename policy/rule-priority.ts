// Priority within the grant.
import { allowed, deny, type Judge, type Rule, replaceBy } from './rule.js'

const judge: Judge = (ask, { grant }) => {
  if (ask.priority === null || ask.priority.value >= grant.priorityMinimum) return allowed
  const { value, pointer } = ask.priority
  return deny(
    pointer,
    `Asked priority ${value}; the grant ${grant.name} gives ${grant.priorityMinimum} (most urgent) to 9.`,
  )
}

export const priority: Rule = {
  id: 'priority',
  title: 'Priority within the grant',
  why: 'Where everything is urgent nothing is; an operator may keep the front of a tenant’s queue for keys of another grant.',
  references: ['CWE-799 (frequency of interaction)'],
  allows: ({ context: { grant } }) => `${grant.priorityMinimum} to 9`,
  repair: ({ context: { grant } }) => replaceBy(grant.priorityMinimum),
  fields: ['/priority'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'the most urgent there is', job: { priority: 3 }, grant: { priorityMinimum: 3 } },
    ],
    deny: [{ name: 'more urgent', job: { priority: 2 }, grant: { priorityMinimum: 3 } }],
  }),
}
