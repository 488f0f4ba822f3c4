// Labels are printable.
import { hasControl } from './path.js'
import { denyEach, type Judge, leaveOut, pointerOf, type Rule } from './rule.js'

const judge: Judge = (ask) =>
  denyEach(ask.labels, pointerOf, ({ name, value }) =>
    hasControl(name) || hasControl(value)
      ? 'A label has no control characters, such as line feeds; leave them out.'
      : null,
  )

export const label: Rule = {
  id: 'label',
  title: 'Printable labels',
  why: 'They come back in lists and go into logs, where a line feed or an escape sequence writes lines of its own.',
  references: ['CWE-117 (log injection)'],
  allows: 'text without control characters',
  repair: leaveOut,
  fields: ['/labels/*'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'text', job: { labels: { 'team/x': 'grün, 7 "quoted"' } } }],
    deny: [
      { name: 'a line feed', job: { labels: { a: 'x\ny' } } },
      { name: 'an escape sequence', job: { labels: { a: '\u001b[2J' } } },
      { name: 'NUL', job: { labels: { a: '\0' } } },
    ],
  }),
}
