// Environment variables: plain names, bounded sizes. Any name is harmless to us, LD_PRELOAD included: no helper of ours ever runs with
// a job's environment, and nothing in the sandbox has a privilege to lose.
import { utf8Bytes } from './job-ask.js'
import { type Finding, quote, type Rule } from './rule.js'

/** One string of argv or environment that execve(2) takes: MAX_ARG_STRLEN is 32 pages, its NUL included. */
export const stringBytesMax = 131_071
/** All of environment and arguments together: well below the 6 MiB that Linux takes with our stack limit. */
export const totalBytesMax = 262_144

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/

export const environment: Rule = {
  id: 'environment',
  title: 'Plain environment variables',
  why: 'A name with = or a value with NUL means something else to execve than to the reader; unbounded ones are denial of service.',
  fields: ['/env/*'],
  revisions: [
    {
      since: 1,
      judge: (ask) => {
        const findings: Finding[] = []
        let total = 0
        for (const variable of ask.environment) {
          const bytes = utf8Bytes(variable.name) + utf8Bytes(variable.value) + 2
          total += bytes
          if (!namePattern.test(variable.name))
            findings.push({
              pointer: variable.pointer,
              message: `the name ${quote(variable.name)} is not letters, digits and _, beginning with no digit.`,
            })
          if (variable.value.includes('\0'))
            findings.push({ pointer: variable.pointer, message: 'the value has a NUL.' })
          if (bytes > stringBytesMax)
            findings.push({
              pointer: variable.pointer,
              message: `name and value have ${bytes} bytes; ${stringBytesMax} are possible.`,
            })
        }
        if (total > totalBytesMax)
          findings.push({
            pointer: '/env',
            message: `all variables together have ${total} bytes; ${totalBytesMax} are possible.`,
          })
        return findings
      },
    },
  ],
  fixtures: {
    allow: [{ env: { NAME: 'value', _x1: '' } }, { env: { LD_PRELOAD: '/work/x.so' } }],
    deny: [
      { env: { 'A=B': 'x' } },
      { env: { '': 'x' } },
      { env: { '1A': 'x' } },
      { env: { A: 'a\0b' } },
      { env: { A: 'x'.repeat(131_072) } },
    ],
  },
}
