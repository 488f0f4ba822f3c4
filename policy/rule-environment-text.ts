// Values of variables are text that the kernel can take.
import { denyEach, type Judge, pointerOf, type Rule } from './rule.js'
import { everyVariable } from './step-ask.js'

const judge: Judge = (ask) =>
  denyEach(everyVariable(ask), pointerOf, ({ value }) =>
    value.includes('\0') ? 'A value ends at its first NUL character; leave it out.' : null,
  )

export const environmentText: Rule = {
  id: 'environment-text',
  title: 'No NUL in variables',
  why: 'Environment strings lie one after the other with NUL between: a NUL in a value begins another variable.',
  references: ['CWE-158 (NUL in text)'],
  allows: 'values without NUL',
  fields: ['/env/*', '/steps/*/env/*'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'any other text', job: { env: { A: 'a=b\n$(x) é' } } }],
    deny: [{ name: 'a variable after NUL', job: { env: { A: '1\0LD_PRELOAD=x' } } }],
  }),
}
