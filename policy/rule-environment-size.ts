// The environment is small.
import { allowed, type Denial, type Judge, type Rule } from './rule.js'
import { stringBytesMax } from './rule-argument-size.js'
import { type AskedProgram, everyProgram } from './step-ask.js'

/** All variables together, with = and NUL. Bytes. */
const environmentBytesMax = 131_072

function judgeOne({ environment }: AskedProgram): readonly Denial[] {
  let denials: Denial[] | undefined
  let total = 0
  for (const { name, value, pointer } of environment) {
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value) + 2
    const before = total
    total += bytes
    let message: string | null = null
    if (bytes - 1 > stringBytesMax)
      message = `One variable has at most ${stringBytesMax} bytes, name and value; this has ${bytes - 1}.`
    else if (total > environmentBytesMax && before <= environmentBytesMax)
      message = `Here the environment passes ${environmentBytesMax} bytes, the most there is.`
    if (message === null) continue
    denials ??= []
    denials.push({ pointer, message })
  }
  return denials ?? allowed
}

/** The job’s own variables are in the environment of each step, and are told of once. */
const judge: Judge = (ask) => {
  const denials = new Map<string, Denial>()
  for (const program of everyProgram(ask))
    for (const denial of judgeOne(program)) denials.set(denial.pointer, denial)
  return denials.size === 0 ? allowed : [...denials.values()]
}

export const environmentSize: Rule = {
  id: 'environment-size',
  title: 'A small environment',
  why: 'It is paid for by every process of the job; data belongs into files and standard input.',
  references: ['CWE-400 (uncontrolled resource consumption)'],
  allows: 'a smaller environment; data in `files` or `stdin`',
  fields: ['/env/*', '/steps/*/env/*'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'large', job: { env: { A: 'x'.repeat(100_000), B: 'x'.repeat(30_000) } } }],
    deny: [
      { name: 'one too large', job: { env: { A: 'x'.repeat(131_072) } } },
      {
        name: 'too large together',
        job: { env: { A: 'x'.repeat(100_000), B: 'x'.repeat(40_000), C: 'x' } },
      },
    ],
  }),
}
