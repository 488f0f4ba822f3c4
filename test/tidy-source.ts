// Reads the repository as the layout test wants it: the files that git would keep, their imports, their functions.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** From dist/test/ up to the repository. */
export const repository = fileURLToPath(new URL('../../', import.meta.url))

/** A length in lines of something at a place, such as a function of a file. */
export type Measured = { readonly name: string; readonly line: number; readonly lines: number }
/** What a module asks for: a file of ours by its path, or a package or built-in module by its name. */
export type Import = { readonly from: string; readonly local: boolean; readonly to: string }

const git = (...words: string[]): string =>
  execFileSync('git', ['-C', repository, '-c', 'safe.directory=*', ...words], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })

/** Every file that is committed, or would be by `git add`. */
export function files(): string[] {
  const listed = git('ls-files', '-z', '--cached', '--others', '--exclude-standard')
  return [...new Set(listed.split('\0'))]
    .filter((path) => path !== '' && existsSync(join(repository, path)))
    .sort()
}

export const read = (path: string): string => readFileSync(join(repository, path), 'utf8')

/** Lines of a text; a last line end opens no new one. */
export const lineCount = (text: string): number => text.replace(/\n$/, '').split('\n').length

const parse = (path: string): ts.SourceFile =>
  ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2022, true)

function specifierOf(node: ts.Node): string | null {
  const named =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ? node.moduleSpecifier : undefined
  const called =
    ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
      ? node.arguments[0]
      : undefined
  const typed =
    ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
      ? node.argument.literal
      : undefined
  const found = named ?? called ?? typed
  return found !== undefined && ts.isStringLiteralLike(found) ? found.text : null
}

/** Imports, re-exports, import types and import() of one TypeScript file. */
export function importsOf(path: string): Import[] {
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node)
    if (specifier !== null) {
      const local = specifier.startsWith('.')
      const to = local
        ? posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts')
        : specifier
      found.push({ from: path, local, to })
    }
    ts.forEachChild(node, visit)
  }
  visit(parse(path))
  return found
}

function functionName(node: ts.FunctionLikeDeclaration): string {
  if (node.name !== undefined) return node.name.getText()
  const owner = node.parent
  if (ts.isVariableDeclaration(owner) || ts.isPropertyAssignment(owner)) return owner.name.getText()
  return '(nameless)'
}

/** Functions of one TypeScript file. What a function holds of others counts as its own. */
export function functionsOf(path: string): Measured[] {
  const source = parse(path)
  const found: Measured[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = source.getLineAndCharacterOfPosition(node.getStart()).line
      const last = source.getLineAndCharacterOfPosition(node.getEnd()).line
      const name = functionName(node as ts.FunctionLikeDeclaration)
      found.push({ name, line: first + 1, lines: last - first + 1 })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Blanks comments, strings and character constants of C, line ends kept, so that braces can be counted. */
function bareC(text: string): string {
  const quiet =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|^#(?:\\\n|[^\n])*/gm
  return text.replace(quiet, (piece) => piece.replace(/[^\n]/g, ' '))
}

/** Functions of one C file: a block at depth 0 after a parameter list. */
export function functionsOfC(path: string): Measured[] {
  const text = bareC(read(path))
  const found: Measured[] = []
  let depth = 0
  let start = 0
  let line = 1
  let head = ''
  for (const character of text) {
    if (character === '\n') line++
    if (character === '}' && --depth === 0) {
      const name = /(\w+)\s*\([\s\S]*\)\s*$/.exec(head)?.[1]
      if (name !== undefined) found.push({ name, line: start, lines: line - start + 1 })
      head = ''
    } else if (character === '{' && depth++ === 0) start = line
    else if (character === ';' && depth === 0) head = ''
    else if (depth === 0) head += character
  }
  return found
}
