// Priorities order a tenant's own jobs; the grant says how urgent one may be.
import type { Rule } from './rule.js'

export const priority: Rule = {
  id: 'priority',
  title: 'Priority within the grant',
  why: 'An urgent place in the queue is somebody else’s wait.',
  fields: ['/priority'],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant }) =>
        ask.priority !== null && ask.priority.value < grant.priorityMinimum
          ? [
              {
                pointer: ask.priority.pointer,
                message: `${ask.priority.value} is more urgent than this grant allows; ask for ${grant.priorityMinimum} to 9.`,
              },
            ]
          : [],
    },
  ],
  fixtures: { allow: [{ priority: 9 }, { priority: 5 }], deny: [{ priority: 0 }] },
}
