// Mount targets are plain absolute paths, away from the root and the kernel’s trees.
import { kernelTreeOf, pathFault } from './path.js'
import { denyEach, type Judge, leaveOut, type Rule } from './rule.js'
import { quote } from './wording.js'

function targetFault(target: string): string | null {
  if (!target.startsWith('/')) return 'is not absolute'
  if (target === '/') return 'is the root itself'
  const fault = pathFault(target.slice(1))
  if (fault !== null) return fault
  const tree = kernelTreeOf(target)
  return tree === null ? null : `is in ${tree}`
}

const judge: Judge = (ask) =>
  denyEach(
    ask.mounts,
    (mount) => mount.target.pointer,
    ({ target }) => {
      const fault = targetFault(target.value)
      return fault === null ? null : `The mount target ${quote(target.value)} ${fault}.`
    },
  )

const targets = [
  '/',
  '//',
  '/proc',
  '/proc/self/attr',
  '/sys/fs',
  '/dev/null',
  '/a/../proc',
  '/./x',
  'relative',
  '/x/',
  '/x\n',
]

export const mountTarget: Rule = {
  id: 'mount-target',
  title: 'Plain mount targets',
  why: 'CVE-2019-16884, CVE-2023-27561, CVE-2025-52881: a mount over /proc turned off the protections that are set through it.',
  references: ['CVE-2019-16884', 'CVE-2023-27561', 'CVE-2025-52881'],
  allows: 'a plain absolute path outside /proc, /sys and /dev',
  repair: leaveOut,
  fields: ['/mounts/*/target'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'no mount', job: { mounts: [] } }],
    deny: targets.map((target) => ({
      name: JSON.stringify(target),
      job: { mounts: [{ type: 'tmpfs' as const, target }] },
    })),
  }),
}
