// Volumes and further tmpfs mounts are not granted.
import { allowed, denyEach, type Judge, leaveOut, pointerOf, type Rule } from './rule.js'

const judge: Judge = (ask) =>
  denyEach(ask.mounts, pointerOf, ({ type }) => {
    if (type === 'volume')
      return 'Asked a volume; no grant gives volumes, since one would carry files from job to job. Send `files`.'
    if (type === 'tmpfs')
      return 'Asked a tmpfs; no grant gives further ones. /tmp and /work are writable, within diskBytes.'
    return null
  })

/** A door that has volumes and tmpfs of the tenant’s own gives them; what is a path is the matter of host-path. */
const judgeGiven: Judge = (ask, context) => (context.given.mounts ? allowed : judge(ask, context))

export const mountGrant: Rule = {
  id: 'mount-grant',
  title: 'No volumes, no further tmpfs',
  why: 'Every job starts from the same clean root and leaves nothing behind; a second tmpfs would be memory that no limit of the job counts.',
  references: [
    'CIS Docker 5.5 (no sensitive host directories)',
    'Kubernetes Pod Security, restricted: Volume Types',
  ],
  allows: 'none; /tmp and /work are writable, within diskBytes',
  repair: leaveOut,
  fields: ['/mounts/*/type'],
  revisions: [
    { since: 1, judge },
    { since: 5, judge: judgeGiven },
  ],
  fixtures: () => ({
    allow: [{ name: 'no mount', job: { mounts: [] } }],
    deny: [
      {
        name: 'a volume',
        job: { mounts: [{ type: 'volume', source: 'cache', target: '/cache' }] },
      },
      { name: 'an unnamed volume', job: { mounts: [{ type: 'volume', target: '/cache' }] } },
      { name: 'a tmpfs', job: { mounts: [{ type: 'tmpfs', target: '/scratch' }] } },
    ],
  }),
}
