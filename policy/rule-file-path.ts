// Files go into the workspace, under plain relative paths.
import { pathFault } from './path.js'
import { denyEach, type Judge, type Rule } from './rule.js'
import { quote } from './wording.js'

const judge: Judge = (ask) =>
  denyEach(
    ask.files,
    (file) => file.path.pointer,
    ({ path }) => {
      const fault = path.value.startsWith('/') ? 'is absolute' : pathFault(path.value)
      return fault === null
        ? null
        : `${quote(path.value)} ${fault}; give a path such as data/in.txt, relative to /work.`
    },
  )

export const filePath: Rule = {
  id: 'file-path',
  title: 'Files inside the workspace',
  why: 'A path that climbs, starts at the root or hides a line feed writes where nobody looked. Names are kept byte for byte: twins in NFC and NFD are two files.',
  references: ['CWE-22 (path traversal)', 'CVE-2024-28185', 'CVE-2024-28189'],
  allows: 'a relative path of plain components',
  fields: ['/files/*/path'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      {
        name: 'odd but plain names',
        job: {
          files: ['a', 'b/c.txt', '-rf', 'CON', 'x.', '...', 'é', 'e\u0301', ' '].map((path) => ({
            path,
            content: '',
          })),
        },
      },
      { name: '255 bytes', job: { files: [{ path: 'x'.repeat(255), content: '' }] } },
    ],
    deny: [
      ...[
        '/etc/passwd',
        '../x',
        'a/../b',
        'a//b',
        'a/',
        './a',
        'a/.',
        '.',
        '..',
        'a\0b',
        'a\nb',
        '\u007f',
        '\u0085',
      ].map((path) => ({ name: JSON.stringify(path), job: { files: [{ path, content: '' }] } })),
      { name: '256 bytes', job: { files: [{ path: 'x'.repeat(256), content: '' }] } },
      {
        name: '256 bytes in 128 letters',
        job: { files: [{ path: 'é'.repeat(128), content: '' }] },
      },
      {
        name: '65 components',
        job: { files: [{ path: Array(65).fill('a').join('/'), content: '' }] },
      },
    ],
  }),
}
