// Root on the host, in a mount namespace that is thrown away: what a careless runtime does there harms nobody.
import { asRoot } from '../stack.js'

/** The output of a shell script; `words` are its $1, $2, … @throws Error when it fails. */
export const inOwnMounts = (script: string, ...words: readonly string[]): string =>
  asRoot(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...words])
