// There is exactly one program to run.
import { allowed, deny, type Judge, type Rule } from './rule.js'

const judge: Judge = (ask) => {
  if (ask.language !== null && ask.image !== null)
    return deny(ask.image.pointer, 'A job has a language or an image, not both.')
  if (ask.language !== null)
    return ask.sourceBytes === null
      ? deny(ask.language.pointer, 'A language needs a source.')
      : allowed
  if (ask.image === null)
    return deny('', 'A job has a language with its source, or an image with its command.')
  const [program] = ask.argv
  if (program === undefined) return deny(ask.image.pointer, 'An image needs a command.')
  return program.value === '' ? deny(program.pointer, 'The program has no name.') : allowed
}

export const program: Rule = {
  id: 'program',
  title: 'Exactly one program',
  why: 'What is run must follow from the request alone: never from a default of an image, and never from two fields that disagree.',
  references: ['CWE-436 (one request read in two ways)'],
  allows: '`language` with `source`, or `image` with `command`',
  fields: ['', '/image', '/language', '/command/*'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'a language and its source' },
      { name: 'an image and its command', base: 'command' },
      { name: 'a program by name', base: 'command', job: { command: ['ls', '-l'] } },
    ],
    deny: [
      { name: 'both', job: { image: 'default' } },
      { name: 'an empty name', base: 'command', job: { command: ['', 'x'] } },
      { name: 'an empty command', base: 'command', job: { command: [] } },
      { name: 'neither', base: 'empty' },
      { name: 'a language alone', base: 'empty', job: { language: 'python' } },
    ],
  }),
}
