// What the ways of starting need of this machine, made once: the stop-watches, compiled, where the worker's user can execute them.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Settings } from '../../contract/config.js'
import { defaultImage } from '../launch-plan.js'
import type { Place } from './way.js'

function compile(name: string, directory: string): string {
  const binary = join(directory, name)
  const words = ['-std=c17', '-O2', '-Wall', '-Wextra', '-Werror']
  execFileSync('gcc', [...words, `test/bench/${name}.c`, '-o', binary])
  return binary
}

/** The image's root, copied to where the worker's user may read it: the store is closed to all users of the host. */
function copyRoot(imageDirectory: string, image: string, directory: string): string {
  const root = join(directory, 'root')
  execFileSync('cp', ['-a', join(imageDirectory, image, 'rootfs'), root])
  execFileSync('chmod', ['0755', root])
  return root
}

/** `directory`: scratch that test/bench/run has made and removes. */
export function preparePlace(
  settings: Pick<Settings, 'instance' | 'imageDirectory' | 'launcherSocket'>,
  directory: string,
): Place {
  const worker = `${settings.instance}-worker`
  const image = defaultImage(settings.imageDirectory)
  return {
    directory,
    spawn: compile('spawn', directory),
    bare: compile('bare', directory),
    root: copyRoot(settings.imageDirectory, image, directory),
    imageDirectory: settings.imageDirectory,
    launcherSocket: settings.launcherSocket,
    asWorker: ['setpriv', '--reuid', worker, '--regid', worker, '--init-groups'],
  }
}
