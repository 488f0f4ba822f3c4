// There is exactly one program to run.
import { allowed, deny, denyEach, type Judge, type Rule } from './rule.js'

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

/** Of several programs each is judged by itself; the job then has none of its own. */
const judgeSteps: Judge = (ask, context) => {
  if (ask.steps.length === 0) return judge(ask, context)
  if (ask.language !== null && ask.image !== null)
    return deny(ask.image.pointer, 'A job has a language or an image, not both.')
  if (ask.language === null && ask.image === null)
    return deny('', 'Steps need an image, or a language for its toolchain.')
  const own = ask.argv[0] ?? ask.sourceBytes
  if (own !== null) return deny(own.pointer, 'A job of steps has no program beside them.')
  return denyEach(
    ask.steps,
    ({ argv, pointer }) => argv[0]?.pointer ?? pointer,
    ({ argv }) =>
      argv[0] === undefined || argv[0].value === '' ? 'The program has no name.' : null,
  )
}

/** An engine runs what its image says; the door says whether that is so behind it. */
const judgeGiven: Judge = (ask, context) =>
  context.given.imageCommand && ask.image !== null && ask.argv.length === 0
    ? allowed
    : judgeSteps(ask, context)
/** Of a session all programs come later. */
const judgeSession: Judge = (ask, context) => {
  if (ask.session === null) return judgeGiven(ask, context)
  if (ask.language !== null && ask.image !== null)
    return deny(ask.image.pointer, 'A session has a language or an image, not both.')
  if (ask.language === null && ask.image === null)
    return deny(ask.session.pointer, 'A session needs an image, or a language for its toolchain.')
  const own = ask.argv[0] ?? ask.sourceBytes ?? ask.stdinBytes
  if (own !== null && own !== undefined)
    return deny(own.pointer, 'A session has no program of its own.')
  const [step] = ask.steps
  return step === undefined ? allowed : deny(step.pointer, 'A session has no steps.')
}

export const program: Rule = {
  id: 'program',
  title: 'Exactly one program',
  why: 'What is run must follow from the request alone: never from a default of an image, and never from two fields that disagree.',
  references: ['CWE-436 (one request read in two ways)'],
  allows:
    '`language` with `source`, `image` with `command`, or one of both with `steps` or `session`',
  fields: ['', '/image', '/language', '/command/*', '/steps/*/command/*', '/steps/*/run'],
  revisions: [
    { since: 1, judge },
    { since: 4, judge: judgeSteps },
    { since: 5, judge: judgeGiven },
    { since: 6, judge: judgeSession },
  ],
  fixtures: () => ({
    allow: [
      { name: 'a language and its source' },
      { name: 'an image and its command', base: 'command' },
      { name: 'steps', base: 'steps' },
      {
        name: 'a session',
        base: 'empty',
        job: { image: 'default', session: {} },
        grant: { sessions: 1 },
      },
      { name: 'a program by name', base: 'command', job: { command: ['ls', '-l'] } },
    ],
    deny: [
      { name: 'both', job: { image: 'default' } },
      { name: 'an empty name', base: 'command', job: { command: ['', 'x'] } },
      { name: 'an empty command', base: 'command', job: { command: [] } },
      {
        name: 'a step without a name',
        base: 'steps',
        job: { steps: [{ name: 'a', command: [''] }] },
      },
      { name: 'steps and a command', base: 'steps', job: { command: ['true'] } },
      {
        name: 'steps without an image',
        base: 'empty',
        job: { steps: [{ name: 'a', run: 'true' }] },
      },
      { name: 'neither', base: 'empty' },
      { name: 'a session of nothing', base: 'empty', job: { session: {} }, grant: { sessions: 1 } },
      {
        name: 'a session with a command',
        base: 'command',
        job: { session: {} },
        grant: { sessions: 1 },
      },
      { name: 'a language alone', base: 'empty', job: { language: 'python' } },
    ],
  }),
}
