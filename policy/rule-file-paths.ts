// Files go into the workspace and nowhere else: relative paths, no tricks, none twice.

import { utf8Bytes } from './job-ask.js'
import { pathBytesMax, relativePathFault } from './path.js'
import { type Finding, quote, type Rule } from './rule.js'
import { findLanguage } from './rule-language.js'

const permissionBits = 0o777

/** Whether a directory of `path` is itself the path of a file. */
function parentAmong(path: string, files: ReadonlySet<string>): string | null {
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const parent = path.slice(0, at)
    if (files.has(parent)) return parent
  }
  return null
}

export const filePaths: Rule = {
  id: 'file-paths',
  title: 'Files stay in the workspace',
  why: 'A path that climbs out or a file that is also a directory is how archives write where they should not (CVE-2021-37701, “zip slip”).',
  fields: ['/files/*/path', '/files/*/mode'],
  revisions: [
    {
      since: 1,
      judge: (ask, { catalogue }) => {
        const findings: Finding[] = []
        const seen = new Set<string>()
        const source =
          ask.language === null
            ? undefined
            : findLanguage(catalogue, ask.language.value)?.sourceFile
        if (source !== undefined) seen.add(source)
        for (const file of ask.files) {
          const place = `${file.pointer}/path`
          const fault = relativePathFault(file.path)
          if (fault !== null)
            findings.push({
              pointer: place,
              message: `${quote(file.path)} ${fault}; give a plain relative path.`,
            })
          if (utf8Bytes(file.path) > pathBytesMax)
            findings.push({
              pointer: place,
              message: `the path is longer than ${pathBytesMax} bytes.`,
            })
          if (seen.has(file.path))
            findings.push({
              pointer: place,
              message: `${quote(file.path)} is there twice${file.path === source ? ' (it is the source’s own name)' : ''}.`,
            })
          if ((file.mode & ~permissionBits) !== 0)
            findings.push({
              pointer: `${file.pointer}/mode`,
              message: 'set-uid, set-gid and sticky bits are not given.',
            })
          seen.add(file.path)
        }
        for (const file of ask.files) {
          const parent = parentAmong(file.path, seen)
          if (parent !== null)
            findings.push({
              pointer: `${file.pointer}/path`,
              message: `${quote(parent)} is a file, so nothing can be below it.`,
            })
        }
        return findings
      },
    },
  ],
  fixtures: {
    allow: [
      {
        files: [
          { path: 'a/b.txt', content: 'x' },
          { path: 'ü.txt', content: '' },
          { path: '-rf', content: '' },
        ],
      },
    ],
    deny: [
      ...[
        '/etc/passwd',
        '../x',
        'a/../b',
        './a',
        'a//b',
        'a/',
        'a\nb',
        'a\0b',
        '‮txt',
        'x'.repeat(256),
      ].map((path) => ({ files: [{ path, content: '' }] })),
      {
        files: [
          { path: 'a', content: '' },
          { path: 'a', content: '' },
        ],
      },
      {
        files: [
          { path: 'a', content: '' },
          { path: 'a/b', content: '' },
        ],
      },
      { files: [{ path: 'main.sh', content: '' }] },
      { files: [{ path: 'a', content: '', mode: 0o4755 }] },
    ],
  },
}
