// The program starts in a directory of its own root, named plainly.
import { canonicalPath, hasForbiddenCharacter } from './path.js'
import { quote, type Rule } from './rule.js'

export const workingDirectory: Rule = {
  id: 'working-directory',
  title: 'An absolute, plain working directory',
  why: 'CVE-2024-21626: a working directory of /proc/self/fd/N stood outside the root.',
  fields: ['/workdir'],
  revisions: [
    {
      since: 1,
      judge: (ask) => {
        const asked = ask.directory
        if (asked === null) return []
        const path = canonicalPath(asked.value)
        const plain = asked.value === path && !hasForbiddenCharacter(path)
        if (plain && !/^\/(proc|sys|dev)(\/|$)/.test(path)) return []
        return [
          {
            pointer: asked.pointer,
            message: `${quote(asked.value)} is not a plain absolute path outside /proc, /sys and /dev, such as /work.`,
          },
        ]
      },
    },
  ],
  fixtures: {
    allow: [{ workdir: '/work' }, { workdir: '/tmp' }, { workdir: '/' }],
    deny: ['/proc/self/fd/7', '/work/..', 'work', '//tmp', '/dev', '/sys/x', '/a\0b'].map(
      (workdir) => ({ workdir }),
    ),
  },
}
