// The control groups above all slots of the instance, whatever the version and whoever made them (ops/cgroups.sh).
import { asRoot, instance } from './stack.js'

/** One for each hierarchy of version 1, or the one of version 2. @throws Error when there is none. */
export function groupsAboveSlots(): string[] {
  const ours = [`*/${instance}/slot-0`, `*/${instance}-launcher.service/slot-0`]
  const paths = ours.map((path) => `-path '${path}'`).join(' -o ')
  const find = `find /sys/fs/cgroup -type d \\( ${paths} \\) 2> /dev/null`
  const found = asRoot(['sh', '-c', `${find} | sed 's|/slot-0$||'`]).trim()
  if (found === '') throw new Error(`no control group of ${instance}`)
  return found.split('\n')
}
