// No two files want one place.
import type { AskedFile } from './ask.js'
import { componentsMax } from './path.js'
import { denyEach, type Judge, type Rule } from './rule.js'
import { quote } from './wording.js'

/** The file that stands where this path needs a directory. */
function fileAbove(path: string, files: ReadonlySet<string>): string | null {
  let slash = path.indexOf('/')
  for (let depth = 0; slash !== -1 && depth < componentsMax; depth += 1) {
    const above = path.slice(0, slash)
    if (files.has(above)) return above
    slash = path.indexOf('/', slash + 1)
  }
  return null
}

function conflictOf(
  path: string,
  earlier: Set<string>,
  all: ReadonlySet<string>,
  source: string | undefined,
): string | null {
  if (path === source) return `${quote(path)} is where the source goes; give the file another name.`
  if (earlier.has(path)) return `${quote(path)} is given twice.`
  earlier.add(path)
  const above = fileAbove(path, all)
  return above === null ? null : `${quote(above)} would be a file and a directory at once.`
}

const pathOf = (file: AskedFile): string => file.path.value

const judge: Judge = (ask, { resolved }) => {
  const source = resolved.language?.sourceFile
  const all = new Set(ask.files.map(pathOf))
  if (source !== undefined) all.add(source)
  const earlier = new Set<string>()
  return denyEach(
    ask.files,
    (file) => file.path.pointer,
    (file) => conflictOf(pathOf(file), earlier, all, source),
  )
}

export const fileConflict: Rule = {
  id: 'file-conflict',
  title: 'One file a place',
  why: 'Which of two wins would depend on order, and what was judged would not be what is run.',
  references: ['CWE-694 (two resources of one name)'],
  allows: 'one file for each place',
  fields: ['/files/*/path'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      {
        name: 'siblings',
        job: { files: ['a/b', 'a/c', 'ab', 'a.b'].map((path) => ({ path, content: '' })) },
      },
    ],
    deny: [
      { name: 'twice', job: { files: ['a', 'a'].map((path) => ({ path, content: '' })) } },
      {
        name: 'file and directory',
        job: { files: ['a', 'a/b'].map((path) => ({ path, content: '' })) },
      },
      {
        name: 'directory and file',
        job: { files: ['a/b/c', 'a/b'].map((path) => ({ path, content: '' })) },
      },
      { name: 'the source’s place', job: { files: [{ path: 'main.py', content: '' }] } },
      { name: 'below the source', job: { files: [{ path: 'main.py/x', content: '' }] } },
    ],
  }),
}
