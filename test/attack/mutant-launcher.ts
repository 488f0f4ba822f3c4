// The launcher of the test's instance replaced for a while by one that lacks layers: the same service, arguments and user, another
// program. A bind mount hides the file, so that nothing on the disk is changed and a restart of the machine undoes it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asRoot, instance, supervise } from '../stack.js'
import { repository } from '../tidy-source.js'

const mutantFolder = join(repository, 'test', 'mutant')
const buildFolder = join(repository, 'native', 'build', 'mutant')

/** A mutant's own read-back finds what is missing, and with this word tells it instead of acting on it: else no program would run. */
export const readBack = 'read-back'

export type Layer = { readonly name: string; readonly about: string }

/** All layers that can be left out, by test/mutant/layer.def. */
export const layers: readonly Layer[] = Array.from(
  readFileSync(join(mutantFolder, 'layer.def'), 'utf8').matchAll(
    /^LAYER\([A-Z_]+, "([a-z-]+)"\) +\/\* (.*) \*\/$/gm,
  ),
  ([, name = '', about = '']) => ({ name, about }),
).filter(({ name }) => name !== readBack)

/** Links a launcher without some layers and gives its path. */
export function linkMutant(without: readonly string[]): string {
  mkdirSync(buildFolder, { recursive: true })
  const out = join(buildFolder, `launcher-without-${without.join('-') || 'nothing'}`)
  const words = ['-s', '-C', mutantFolder, `WITHOUT=${without.join(',')}`, `OUT=${out}`]
  execFileSync('make', words, { stdio: 'pipe' })
  return out
}

/** The program that the instance's launcher is started from. */
export const productProgram = (): string =>
  asRoot(['readlink', '-f', `/opt/${instance}/release/native/build/launcher`]).trim()

function uncover(): void {
  asRoot(['sh', '-c', 'while mountpoint -q "$1"; do umount "$1"; done', 'sh', productProgram()])
}

let isCovered = false
/** A test that is cut off, by its time limit or otherwise, leaves no mutant to those after it. */
process.once('exit', () => {
  if (isCovered) restoreLauncher()
})
process.once('SIGTERM', () => process.exit(1))

/** From now on the instance's launcher is this program. */
export function useLauncher(mutant: string): void {
  isCovered = true
  supervise('stop', 'launcher')
  uncover()
  asRoot(['mount', '--bind', mutant, productProgram()])
  supervise('start', 'launcher')
}

/** The product's own again. Undoes what an earlier run that was cut off may have left as well. */
export function restoreLauncher(): void {
  supervise('stop', 'launcher')
  uncover()
  supervise('start', 'launcher')
  isCovered = false
}
