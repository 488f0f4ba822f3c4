// Arguments: what execve(2) can take, without NUL.
import { utf8Bytes } from './job-ask.js'
import type { Finding, Rule } from './rule.js'
import { stringBytesMax, totalBytesMax } from './rule-environment.js'

export const argumentSize: Rule = {
  id: 'argument-size',
  title: 'Arguments that execve can take',
  why: 'A NUL cuts an argument short, and an argument too long fails inside the sandbox, where it would look like our fault.',
  fields: ['/command/*', '/arguments/*'],
  revisions: [
    {
      since: 1,
      judge: (ask) => {
        const findings: Finding[] = []
        let total = 0
        for (const [index, argument] of ask.argv.entries()) {
          const bytes = utf8Bytes(argument.value) + 1
          total += bytes
          if (argument.value.includes('\0'))
            findings.push({ pointer: argument.pointer, message: 'the argument has a NUL.' })
          if (bytes > stringBytesMax)
            findings.push({
              pointer: argument.pointer,
              message: `the argument has ${bytes} bytes; ${stringBytesMax} are possible.`,
            })
          if (index === 0 && argument.pointer.startsWith('/command') && argument.value === '')
            findings.push({ pointer: argument.pointer, message: 'the program’s name is empty.' })
        }
        if (total > totalBytesMax)
          findings.push({
            pointer: ask.argv[0]?.pointer ?? '/command',
            message: `all arguments together have ${total} bytes; ${totalBytesMax} are possible.`,
          })
        return findings
      },
    },
  ],
  fixtures: {
    allow: [{ arguments: ['a', '', '--x=y'] }],
    deny: [
      { arguments: ['a\0b'] },
      { arguments: ['x'.repeat(131_072)] },
      { arguments: Array.from({ length: 5 }, () => 'x'.repeat(60_000)) },
    ],
  },
}
