// The starting directory is an absolute path of the sandbox’s own, outside the kernel’s trees.
import type { Asked } from './ask.js'
import { kernelTreeOf, pathFault } from './path.js'
import { allowed, type Denial, deny, type Judge, type Rule } from './rule.js'
import { everyDirectory } from './step-ask.js'
import { quote } from './wording.js'

function judgeOne({ value, pointer }: Asked<string>): readonly Denial[] {
  if (!value.startsWith('/'))
    return deny(pointer, `${quote(value)} is not absolute; give a directory such as /work.`)
  const fault = value === '/' ? null : pathFault(value.slice(1))
  if (fault !== null)
    return deny(pointer, `${quote(value)} ${fault}; give a directory such as /work.`)
  const tree = kernelTreeOf(value)
  return tree === null
    ? allowed
    : deny(pointer, `${quote(value)} is in ${tree}; give a directory such as /work.`)
}

const judge: Judge = (ask) => everyDirectory(ask).flatMap(judgeOne)

export const workDirectory: Rule = {
  id: 'work-directory',
  title: 'A plain starting directory',
  why: 'CVE-2024-21626: a starting directory under /proc reached the host through a leaked descriptor.',
  references: ['CVE-2024-21626', 'CWE-22 (path traversal)'],
  allows: 'an absolute path of plain components, such as /work',
  fields: ['/workdir', '/steps/*/workdir'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'in the workspace', job: { workdir: '/work/sub' } },
      { name: 'elsewhere inside', job: { workdir: '/tmp' } },
      { name: 'the root', job: { workdir: '/' } },
      { name: 'a name that only starts alike', job: { workdir: '/process' } },
    ],
    deny: [
      { name: 'relative', job: { workdir: 'work' } },
      { name: 'a descriptor', job: { workdir: '/proc/self/fd/8' } },
      { name: '..', job: { workdir: '/work/../etc' } },
      { name: 'an empty component', job: { workdir: '//proc/self' } },
      { name: '.', job: { workdir: '/./sys' } },
      { name: 'NUL', job: { workdir: '/work\0/x' } },
      { name: 'a device', job: { workdir: '/dev/fd' } },
    ],
  }),
}
