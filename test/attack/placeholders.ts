// What stands for a word of this machine in a probe's arguments, and programs of the host beside a probe.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { port, servicePid } from '../stack.js'
import { allowedCalls } from './allowed-calls.js'

/** The users that each attack runs as inside: an ordinary one, and root. */
export const identities = [
  { uid: 1000, gid: 1000 },
  { uid: 0, gid: 0 },
] as const

/** The abstract socket that a program of the host holds for probes that want one. */
export const listenerName = `stockade-probe-${process.pid}`

const placeholders: Readonly<Record<string, () => string>> = {
  '{port}': () => port,
  '{api-pid}': () => String(servicePid('api')),
  '{listener}': () => listenerName,
  '{allowed-calls}': () => allowedCalls('default').join(','),
}

export const filled = (words: readonly string[]): string[] =>
  words.map((word) => placeholders[word]?.() ?? word)

/** Runs something while a program of the host holds; it ends by SIGTERM, at which it may tidy up. */
export async function besideOnHost(
  command: readonly string[],
  use: () => Promise<void>,
): Promise<void> {
  const [program = 'true', ...values] = command
  const holder = spawn(program, values, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(holder, 'exit')
  try {
    await once(holder.stdout, 'data')
    await use()
  } finally {
    holder.kill('SIGTERM')
    await ended
  }
}
