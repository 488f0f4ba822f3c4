// One series of a way: its stop-watch, started once for `count` runs.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Way } from './way.js'

const execute = promisify(execFile)

/** Milliseconds of `count` runs, `pauseUs` between two. @throws Error when one of them fails. */
export async function timeRuns(
  way: Pick<Way, 'watch' | 'words'>,
  count: number,
  pauseUs: number,
  lane = 0,
): Promise<number[]> {
  const [program = '', ...before] = way.watch
  const words = [...before, String(count), String(pauseUs), ...way.words(lane)]
  const { stdout } = await execute(program, words, { maxBuffer: 2 ** 24 })
  return stdout
    .trim()
    .split('\n')
    .map((line) => Number(line) / 1e6)
}
