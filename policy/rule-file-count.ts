// Files and their directories fit the inodes that the job has.
import { componentsMax } from './path.js'
import { untrusted } from './preset-untrusted.js'
import { allowed, deny, type Judge, type Rule } from './rule.js'

function countDirectories(path: string, known: Set<string>): void {
  let slash = path.lastIndexOf('/')
  for (let depth = 0; slash > 0 && depth < componentsMax; depth += 1) {
    const directory = path.slice(0, slash)
    if (known.has(directory)) return
    known.add(directory)
    slash = path.lastIndexOf('/', slash - 1)
  }
}

const judge: Judge = (ask, { grant }) => {
  const most = grant.limits.diskInodes
  const directories = new Set<string>()
  let files = ask.sourceBytes === null ? 0 : 1
  for (const { path } of ask.files) {
    files += 1
    countDirectories(path.value, directories)
    if (files + directories.size > most)
      return deny(
        path.pointer,
        `Here files and directories pass ${most}, the most of the grant ${grant.name}.`,
      )
  }
  return allowed
}

export const fileCount: Rule = {
  id: 'file-count',
  title: 'Files within the inodes',
  why: 'Empty files cost kernel memory that no byte limit counts.',
  references: ['CWE-770 (allocation without limits)'],
  allows: 'fewer files; many small ones in one archive',
  fields: ['/files/*/path'],
  revisions: [{ since: 1, judge }],
  fixtures: () => {
    const grant = { limits: { ...untrusted.limits, diskInodes: 5 } }
    const files = (paths: string[]) => ({ files: paths.map((path) => ({ path, content: '' })) })
    return {
      allow: [{ name: 'as many as there are', job: files(['a/b/c', 'a/b/d']), grant }],
      deny: [
        { name: 'one file too many', job: files(['a/b/c', 'a/b/d', 'e']), grant },
        { name: 'directories count', job: files(['a/b/c/d/e']), grant },
      ],
    }
  },
}
