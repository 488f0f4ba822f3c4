// Files that are sent must fit into the disk that the job may use.
import type { Rule } from './rule.js'

export const fileSizes: Rule = {
  id: 'file-sizes',
  title: 'Files fit the disk limit',
  why: 'Files lie in the job’s own limited space; more would fail inside, where it would look like our fault.',
  fields: ['/files/*/content', '/files/*/contentBase64', '/stdin', '/stdinBase64', '/source'],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant }) => {
        const disk =
          ask.limits.find((limit) => limit.name === 'diskBytes')?.value ??
          grant.limits.diskBytes.default
        const total = ask.files.reduce((sum, file) => sum + file.bytes, 0)
        if (total <= disk) return []
        return [
          {
            pointer: '/files',
            message: `the files have ${total} bytes together; diskBytes is ${disk}.`,
          },
        ]
      },
    },
  ],
  fixtures: {
    allow: [{ files: [{ path: 'a', content: 'x' }] }],
    deny: [{ files: [{ path: 'a', content: 'x'.repeat(5000) }], limits: { diskBytes: 4096 } }],
  },
}
