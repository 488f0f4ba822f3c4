// Jobs to run after.
import { allowed, denyEach, type Judge, pointerOf, type Rule } from './rule.js'
import { quote } from './wording.js'

const judge: Judge = (ask) => {
  if (ask.after.length === 0) return allowed
  const seen = new Set<string>()
  return denyEach(ask.after, pointerOf, ({ value }) => {
    if (seen.has(value)) return `It is to run after ${quote(value)} already.`
    seen.add(value)
    return null
  })
}

const first = `job_${'0'.repeat(26)}`

export const dependency: Rule = {
  id: 'dependency',
  title: 'Each job to run after is named once',
  why: 'A job that is named twice, once for success and once for any end, says two things.',
  references: ['CWE-436 (interpretation conflict)'],
  allows: 'jobs that are named once each',
  fields: ['/after'],
  revisions: [{ since: 4, judge }],
  fixtures: () => ({
    allow: [
      { name: 'none' },
      { name: 'one', job: { after: [{ job: first }] } },
      { name: 'two', job: { after: [{ job: first }, { job: 'build', on: 'always' }] } },
    ],
    deny: [{ name: 'one twice', job: { after: [{ job: first }, { job: first, on: 'always' }] } }],
  }),
}
