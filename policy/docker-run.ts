// How a container runs: its command, checks of its health, restarts and logs, bounded as the grant has them.
import type { Grant } from '../contract/grant.js'
import type { Asked } from './ask.js'
import type { Subject } from './docker-adapted.js'

const nanosecondsPerSecond = 1_000_000_000
const stopSecondsMax = 60
const restartsMax = 5

/** An entry point of one empty word is how clients say: none, not the image’s. */
const isReset = (words: readonly Asked<string>[]): boolean =>
  words.length === 1 && words[0]?.value === ''

export type Command = {
  readonly argv: readonly Asked<string>[]
  readonly shell: readonly Asked<string>[]
  readonly written: Record<string, unknown>
}

export function askedCommand({ body }: Subject): Command {
  const entrypoint = body.texts('/Entrypoint')
  const command = body.texts('/Cmd')
  const shell = body.texts('/Shell')
  const words = (list: readonly Asked<string>[]): string[] => list.map(({ value }) => value)
  return {
    argv: [...(isReset(entrypoint) ? [] : entrypoint), ...command],
    shell,
    written: {
      ...(entrypoint.length === 0 ? {} : { Entrypoint: words(entrypoint) }),
      ...(command.length === 0 ? {} : { Cmd: words(command) }),
      ...(shell.length === 0 ? {} : { Shell: words(shell) }),
    },
  }
}

/** Null where the image’s own holds. Not more often than each second; zero stays the engine’s usual. */
export function writtenHealthcheck(
  { body, findings }: Subject,
  at: string,
): Record<string, unknown> | null {
  const test = body.texts(`${at}/Test`)
  const numbers: Record<string, number> = {}
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries']) {
    const asked = body.number(`${at}/${name}`)
    if (asked === null) continue
    if (asked.value < 0) findings.deny('docker-form', asked, 'Must not be negative.')
    numbers[name] = name === 'Retries' ? asked.value : Math.max(nanosecondsPerSecond, asked.value)
  }
  if (test.length === 0 && Object.keys(numbers).length === 0) return null
  return { ...(test.length === 0 ? {} : { Test: test.map(({ value }) => value) }), ...numbers }
}

export type Restart = { readonly Name: string; readonly MaximumRetryCount: number }

/** `no`, or on failure at most five times. Who asks for more gets that, and is told. */
export function writtenRestart({ body, findings }: Subject, at: string): Restart | null {
  const name = body.text(`${at}/Name`)
  const count = body.number(`${at}/MaximumRetryCount`)
  if (count !== null && (count.value < 0 || !Number.isInteger(count.value)))
    findings.deny('docker-restart', count, 'A number of restarts is not negative.')
  if (name === null) return null
  if (name.value === 'no') return { Name: 'no', MaximumRetryCount: 0 }
  if (!['always', 'unless-stopped', 'on-failure'].includes(name.value))
    findings.deny('docker-restart', name, 'Of restart policies there are `no` and `on-failure`.')
  const most = Math.min(count?.value ?? restartsMax, restartsMax)
  if (name.value !== 'on-failure')
    findings.warn(
      `Restart policy ${name.value}: here it is on-failure, at most ${restartsMax} times.`,
    )
  return { Name: 'on-failure', MaximumRetryCount: most }
}

/** Logs in files of this host, of a size that the grant bounds. */
export function writtenLog(
  { body, findings }: Subject,
  at: string,
  grant: Grant,
): Record<string, unknown> {
  const type = body.text(`${at}/Type`)
  if (type !== null && !['json-file', 'local', 'none'].includes(type.value))
    findings.deny('docker-log', type, 'Of log drivers there are json-file, local and none.')
  if (type?.value === 'none') return { Type: 'none', Config: {} }
  const size = Math.ceil(grant.limits.outputBytes.default / 2)
  return { Type: type?.value ?? 'json-file', Config: { 'max-size': `${size}`, 'max-file': '2' } }
}

/** Never below our own: the kernel would take the host’s processes first. */
export function writtenOomScore({ body, findings }: Subject): number {
  const asked = body.number('/HostConfig/OomScoreAdj')
  if (asked !== null && (asked.value < 0 || asked.value > 1000))
    findings.deny(
      'docker-oom-score',
      asked,
      'A score is 0 to 1000 here: none is spared before the host’s own.',
    )
  return asked?.value ?? 0
}

export function writtenStop({ body, findings }: Subject, at: string): Record<string, unknown> {
  const seconds = body.number(at)
  if (seconds === null) return {}
  if (seconds.value < 0)
    findings.deny('docker-form', seconds, 'Must not be negative: to wait for ever is nobody’s.')
  return { StopTimeout: Math.min(seconds.value, stopSecondsMax) }
}
