// No devices of the host.
import { denyEach, type Judge, leaveOut, pointerOf, type Rule } from './rule.js'
import { quote } from './wording.js'

const judge: Judge = (ask) =>
  denyEach(
    ask.devices,
    pointerOf,
    ({ value }) =>
      `Asked the device ${quote(value)}; nobody gets any. A sandbox has null, zero, full, random, urandom and tty of its own.`,
  )

export const device: Rule = {
  id: 'device',
  title: 'No devices',
  why: 'A device node speaks to a driver in the host’s kernel, and a disk’s is the disk.',
  references: ['CIS Docker 5.17 (no host devices)', 'CVE-2024-0132'],
  allows: 'none; the field left out',
  repair: leaveOut,
  fields: ['/devices/*'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'none', job: { devices: [] } }],
    deny: [
      { name: 'a disk', job: { devices: ['/dev/sda'] } },
      {
        name: 'each of several',
        job: { devices: ['/dev/kvm', '/dev/fuse:/dev/fuse:rwm', '', 'nvidia.com/gpu=all'] },
      },
      { name: 'one that every sandbox has', job: { devices: ['/dev/null'] } },
    ],
  }),
}
