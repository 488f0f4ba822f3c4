// Environment variables have plain names.
import { denyEach, type Judge, pointerOf, type Rule } from './rule.js'
import { everyVariable } from './step-ask.js'
import { quote } from './wording.js'

const nameLengthMax = 256

function isPlain(name: string): boolean {
  return name.length <= nameLengthMax && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}

const judge: Judge = (ask) =>
  denyEach(everyVariable(ask), pointerOf, ({ name }) =>
    isPlain(name)
      ? null
      : `${quote(name)} is no name for a variable: letters, digits and _, not a digit first, at most ${nameLengthMax}.`,
  )

export const environmentName: Rule = {
  id: 'environment-name',
  title: 'Plain names of variables',
  why:
    'A name with = or a line feed becomes another variable. LD_PRELOAD, NODE_OPTIONS and the like are taken: the ' +
    'caller’s environment first exists in the program itself, after the last step of ours, and the program is the ' +
    'caller’s to begin with (CVE-2024-0132 was a helper that ran with it).',
  references: ['CVE-2024-0132', 'CWE-88 (argument injection)'],
  allows: 'letters, digits and underscores, a digit not first',
  fields: ['/env/*', '/steps/*/env/*'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'plain names', job: { env: { A: '1', _b9: '', PATH: '/usr/bin' } } },
      {
        name: 'loader variables, which act inside only',
        job: { env: { LD_PRELOAD: '/work/x.so', NODE_OPTIONS: '--x' } },
      },
    ],
    deny: [
      { name: '= in the name', job: { env: { 'A=B': '1' } } },
      { name: 'an empty name', job: { env: { '': '1' } } },
      { name: 'a digit first', job: { env: { '1A': '1' } } },
      { name: 'a line feed', job: { env: { 'A\nB': '1' } } },
      { name: 'a line feed at the end', job: { env: { 'A\n': '1' } } },
      { name: 'NUL', job: { env: { 'A\0': '1' } } },
      { name: 'a function of bash', job: { env: { 'BASH_FUNC_x%%': '() { :; }' } } },
      { name: 'too long', job: { env: { [`A${'B'.repeat(256)}`]: '1' } } },
    ],
  }),
}
