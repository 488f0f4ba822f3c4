// Processes of the whole machine that carry something of a job's, as root sees them.
import { asRoot } from '../stack.js'

export type HostProcess = { readonly pid: number; readonly program: string }

const listing = (text: string): HostProcess[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [pid = '', ...program] = line.split(' ')
      return { pid: Number(pid), program: program.join(' ') }
    })

/** Those in which a file of this name is mapped, or whose environment holds the text. */
export function processesWith(what: 'maps' | 'environ', text: string): HostProcess[] {
  const script = `for file in $(grep -lsF -e "$1" /proc/[0-9]*/${what}); do
    directory=\${file%/*}
    echo "\${directory#/proc/} $(readlink "$directory/exe" || echo gone)"
  done`
  return listing(asRoot(['sh', '-c', script, 'sh', text])).filter(
    ({ program }) => program !== 'gone',
  )
}

/** Programs of ours: a job's file in one of these would be a way out. */
export function isOurs({ program }: HostProcess): boolean {
  return /launcher|node|redis|stockade|skopeo|umoci/.test(program)
}
