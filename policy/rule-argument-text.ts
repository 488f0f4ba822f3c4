// Arguments are text that the kernel can take.
import { denyEach, type Judge, pointerOf, type Rule } from './rule.js'
import { everyArgument } from './step-ask.js'

const judge: Judge = (ask) =>
  denyEach(everyArgument(ask), pointerOf, ({ value }) =>
    value.includes('\0') ? 'An argument ends at its first NUL character; leave it out.' : null,
  )

export const argumentText: Rule = {
  id: 'argument-text',
  title: 'No NUL in arguments',
  why: 'What comes after a NUL would be judged and not run, or run and not judged.',
  references: ['CWE-158 (NUL in text)'],
  allows: 'arguments without NUL',
  fields: ['/command/*', '/arguments/*', '/steps/*/command/*', '/steps/*/run'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      {
        name: 'any other text',
        job: { arguments: ['', '-rf', '; $(reboot)', '\n', '@file', '--specs=x'] },
      },
    ],
    deny: [
      { name: 'NUL in an argument', job: { arguments: ['a\0b'] } },
      { name: 'NUL in a command', base: 'command', job: { command: ['/bin/true\0', 'x'] } },
    ],
  }),
}
