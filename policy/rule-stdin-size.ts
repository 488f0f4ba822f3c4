// Standard input is bounded in bytes, not only in characters.
import { contentBytesMax } from '../contract/job-file.js'
import { allowed, deny, type Judge, type Rule } from './rule.js'
import { quantity } from './wording.js'

const judge: Judge = (ask) => {
  if (ask.stdinBytes === null || ask.stdinBytes.value <= contentBytesMax) return allowed
  const { value, pointer } = ask.stdinBytes
  return deny(
    pointer,
    `Standard input has ${value} bytes; at most ${quantity('stdinBytes', contentBytesMax)}.`,
  )
}

export const stdinSize: Rule = {
  id: 'stdin-size',
  title: 'A bounded standard input',
  why: 'The schema counts characters, and one can be four bytes; the worker holds them all.',
  references: ['CWE-770 (allocation without limits)'],
  allows: 'less input; large data in `files`',
  fields: ['/stdin', '/stdinBase64'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'text', job: { stdin: '1 2 3' } },
      { name: 'bytes', job: { stdinBase64: 'AAECAw==' } },
    ],
    deny: [
      { name: 'too many bytes of text', job: { stdin: 'é'.repeat(contentBytesMax / 2 + 1) } },
      {
        name: 'too many bytes',
        job: { stdinBase64: 'AAAA'.repeat(Math.ceil((contentBytesMax + 1) / 3)) },
      },
    ],
  }),
}
