// Nothing of the host’s /proc, /sys or /dev, neither as a source nor by mounting over the sandbox’s own.
import { kernelTreesShown, normalHostPath } from './path.js'
import { denyEach, type Judge, leaveOut, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

const judge: Judge = (ask) =>
  denyEach(
    ask.mounts.filter(({ source }) => source?.value.includes('/') || source?.value.includes('\\')),
    (mount) => mount.source?.pointer ?? mount.pointer,
    ({ source }) => {
      const trees = kernelTreesShown(normalHostPath(source?.value ?? ''))
      return trees.length === 0
        ? null
        : `${quote(source?.value ?? '')} shows ${listing(trees)} of the host. A sandbox has its own, masked; the host’s are not given.`
    },
  )

const sources = [
  '/proc',
  '/proc/sys/kernel/core_pattern',
  '/sys/fs/cgroup',
  '/sys',
  '/dev',
  '/dev/sda',
  '/dev/../sys',
  '//proc//1',
  '/',
  'file:///dev/mem',
]

export const hostKernel: Rule = {
  id: 'host-kernel',
  title: 'No kernel files of the host',
  why: 'core_pattern, release_agent, uevent_helper, sysrq-trigger and block devices each run code on the host or read all of it.',
  references: [
    'CIS Docker 5.5 (no sensitive host directories)',
    'CVE-2022-0492 (release_agent)',
    'CVE-2025-31133',
  ],
  allows: 'none; send what the program needs as `files`',
  repair: leaveOut,
  fields: ['/mounts/*/source'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'no mount', job: { mounts: [] } }],
    deny: sources.map((source) => ({
      name: source,
      job: { mounts: [{ type: 'bind' as const, source, target: '/mnt' }] },
    })),
  }),
}
