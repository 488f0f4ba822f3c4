// The log of a service of the running instance, as lines without the supervisor's own time stamps.
import { existsSync } from 'node:fs'
import { asRoot, instance, type ServiceName } from '../stack.js'

const bySystemd = existsSync('/run/systemd/system')

/** All lines that are kept, oldest first. */
export function serviceLog(service: ServiceName): string[] {
  const text = bySystemd
    ? asRoot([
        'journalctl',
        '--no-pager',
        '--quiet',
        '--all',
        '--output',
        'cat',
        '--unit',
        `${instance}-${service}`,
      ])
    : asRoot([
        'sh',
        '-c',
        'cat "$1"/@* "$1/current" 2> /dev/null || true',
        'sh',
        `/var/log/${instance}/${service}`,
      ])
  const lines = text.split('\n').filter((line) => line !== '')
  // svlogd -tt: 2026-01-31_12:00:00.00000, a blank, the line.
  return bySystemd ? lines : lines.map((line) => line.replace(/^\d{4}-\d\d-\d\d_[\d:.]+ /, ''))
}
