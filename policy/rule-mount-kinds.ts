// Volumes and tmpfs mounts are not offered: a job has its own writable root, /work and /tmp.
import type { Rule } from './rule.js'

export const mountKinds: Rule = {
  id: 'mount-kinds',
  title: 'No volumes and no tmpfs mounts',
  why: 'A volume shared between jobs is a road from one to another (CVE-2024-23651), and a tmpfs of one’s own escapes the disk limit.',
  fields: ['/mounts/*/type', '/mounts/*/target'],
  revisions: [
    {
      since: 1,
      judge: (ask) =>
        ask.mounts
          .filter((mount) => mount.kind !== 'bind')
          .map((mount) => ({
            pointer: `${mount.pointer}/type`,
            message: `a ${mount.kind} mount is not granted. The root file system, /work and /tmp are writable already, within diskBytes.`,
          })),
    },
  ],
  fixtures: {
    allow: [{}],
    deny: [
      { mounts: [{ type: 'volume', source: 'cache', target: '/cache' }] },
      { mounts: [{ type: 'tmpfs', target: '/tmp' }] },
    ],
  },
}
