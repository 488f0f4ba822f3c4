// No path of the host is ever mounted.
import type { AskedMount } from './ask.js'
import { normalHostPath } from './path.js'
import { denyEach, type Judge, leaveOut, type Rule } from './rule.js'
import { quote } from './wording.js'

/** A source that an engine could take for a path: `volume` with `/etc` as its name is a bind mount in disguise. */
function looksLikePath(source: string): boolean {
  return /[/\\:]|^[.~]|^$/.test(source.trim())
}

const remedy = 'No path of the host is ever given; send what the program needs as `files`.'

function judgeMount({ type, source }: AskedMount): string | null {
  if (type !== 'bind' && (source === null || !looksLikePath(source.value))) return null
  if (source === null || source.value.trim() === '')
    return `Asked a mount of an unnamed host path. ${remedy}`
  return `Asked a mount of ${quote(source.value)}, which is ${quote(normalHostPath(source.value))} of the host. ${remedy}`
}

const judge: Judge = (ask) =>
  denyEach(ask.mounts, (mount) => mount.source?.pointer ?? `${mount.pointer}/source`, judgeMount)

const sources = [
  '/',
  '//',
  '/.',
  '/../..',
  '/etc',
  '/etc/../',
  '/./root//.ssh',
  '/home/../var/lib',
  '/proc/1/root',
  '/var/run/docker.sock',
  '.',
  '..',
  'relative/path',
  '~/.ssh',
  '',
  ' /',
  'file:///etc/shadow',
  'FILE:/etc',
  'file://localhost/%65tc',
  '/etc\0/x',
  '\\\\.\\pipe\\docker_engine',
]

export const hostPath: Rule = {
  id: 'host-path',
  title: 'No host paths',
  why:
    'A path of the host is the host: `/` is everything, a socket is a service with its rights, and what a path leads to ' +
    'can change after it was judged (CVE-2017-1002101, CVE-2021-25741). So the spelling is never trusted and there is no list of harmless ones.',
  references: [
    'CIS Docker 5.5 (no sensitive host directories)',
    'Kubernetes Pod Security, baseline: HostPath Volumes',
    'CVE-2017-1002101',
    'CVE-2021-25741',
  ],
  allows: 'none; send what the program needs as `files`',
  repair: leaveOut,
  fields: ['/mounts/*/type', '/mounts/*/source'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'no mount', job: { mounts: [] } }],
    deny: [
      ...sources.map((source) => ({
        name: JSON.stringify(source),
        job: { mounts: [{ type: 'bind' as const, source, target: '/mnt' }] },
      })),
      {
        name: 'read-only',
        job: { mounts: [{ type: 'bind', source: '/', target: '/mnt', readOnly: true }] },
      },
      { name: 'no source', job: { mounts: [{ type: 'bind', target: '/mnt' }] } },
      {
        name: 'a path as a volume',
        job: { mounts: [{ type: 'volume', source: '/etc', target: '/mnt' }] },
      },
      {
        name: 'a path as a tmpfs',
        job: { mounts: [{ type: 'tmpfs', source: '../x', target: '/mnt' }] },
      },
      {
        name: 'each of several',
        job: {
          mounts: ['/a', '/b'].map((source) => ({ type: 'bind' as const, source, target: '/mnt' })),
        },
      },
    ],
  }),
}
