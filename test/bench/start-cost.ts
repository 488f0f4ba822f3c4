// What one trivial program costs to start and end: plainly, in bubblewrap, and in a full sandbox, turn by turn in one run.
import { execFileSync } from 'node:child_process'
import { type Summary, summarise } from './statistics.js'

export type Way = {
  readonly name: string
  readonly command: string
  readonly argv: readonly string[]
  /** Between two runs, microseconds. */
  readonly pauseUs: number
}

const namespacesOfOurs = [
  '--unshare-user',
  '--unshare-pid',
  '--unshare-net',
  '--unshare-ipc',
  '--unshare-uts',
  '--unshare-cgroup',
]

/** bubblewrap with the same namespaces (it cannot make a time namespace) and the nearest root it can build. */
export function bubblewrapArgv(root: string): string[] {
  return [
    ...namespacesOfOurs,
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--ro-bind', `${root}/usr`, '/usr', '--symlink', 'usr/bin', '/bin'],
    ...['--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64'],
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/work'],
    '/bin/true',
  ]
}

function measure(way: Way, spawn: string, count: number): number[] {
  const [mode, ...rest] = way.argv
  if (mode === undefined) throw new Error(`${way.name} has no mode`)
  const prefix = way.command === '' ? [] : way.command.split(' ')
  const [program, ...before] = [...prefix, spawn]
  if (program === undefined) throw new Error('no program')
  const text = execFileSync(
    program,
    [...before, mode, String(count), String(way.pauseUs), ...rest],
    {
      encoding: 'utf8',
    },
  )
  return text
    .trim()
    .split('\n')
    .map((line) => Number(line) / 1e6)
}

/** Milliseconds of each way, measured in turns of `batch` so that a change of the machine's speed hits all alike. */
export function compare(
  ways: readonly Way[],
  spawn: string,
  rounds: number,
  batch: number,
): Map<string, Summary> {
  const values = new Map<string, number[]>(ways.map((way) => [way.name, []]))
  for (const way of ways) measure(way, spawn, batch)
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) values.get(way.name)?.push(...measure(way, spawn, batch))
  }
  return new Map([...values].map(([name, series]) => [name, summarise(series)]))
}
