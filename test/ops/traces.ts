// What an instance leaves on a machine, as root finds it: nothing of it may be there after `down --purge`.
import { asRoot } from '../stack.js'

/** Kind of trace → a shell script that lists those of the instance $1, nothing when there are none. */
const searches = {
  users: 'getent passwd | cut -d: -f1 | grep -xE -- "$1-(api|worker|launcher)"',
  groups:
    'getent group | cut -d: -f1 | grep -xE -- "$1-(api|worker|launcher|redis|seal|launch|blobs)"',
  subordinateIds: 'grep -Hs -- "^$1-launcher:" /etc/subuid /etc/subgid',
  directories:
    'for base in /opt /etc /var/lib /var/log /run; do [ ! -e "$base/$1" ] || echo "$base/$1"; done',
  mounts: 'grep -F -- "/run/$1/" /proc/self/mountinfo',
  controlGroups:
    'find /sys/fs/cgroup -type d \\( -name "$1" -o -name "$1-*.service" \\) 2> /dev/null',
  processes:
    'for id in /proc/[0-9]*; do tr "\\0" " " 2> /dev/null < "$id/cmdline" | grep -E -- "/(opt|etc|run|var/lib|var/log)/$1/"; done',
  units: 'find /etc/systemd /run/systemd -name "$1-*.service*" 2> /dev/null',
  key: 'find /root/.config /home/*/.config -path "*/stockade/$1.key" 2> /dev/null',
} as const

export type Trace = keyof typeof searches
export const traces = Object.keys(searches) as readonly Trace[]
/** What only an instance on systemd has. */
export const systemdTraces: readonly Trace[] = ['units']

/** Everything found of one kind, one a line; empty when there is nothing. */
export function findTraces(kind: Trace, instance: string): string {
  return asRoot(['sh', '-c', `${searches[kind]} || true`, 'sh', instance]).trim()
}
