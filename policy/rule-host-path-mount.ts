// No host path is ever mounted, however it is spelled.
import { canonicalPath } from './path.js'
import { type Finding, quote, type Rule } from './rule.js'

/** Places whose exposure has a name of its own; any other host path is refused all the same. */
const notorious: readonly (readonly [prefix: string, what: string])[] = [
  ['/var/run/docker.sock', 'the Docker socket: who holds it owns the host'],
  ['/run/docker.sock', 'the Docker socket: who holds it owns the host'],
  ['/run/containerd', 'the containerd socket: who holds it owns the host'],
  ['/proc', 'the host’s processes'],
  ['/sys', 'the host’s kernel settings'],
  ['/dev', 'the host’s devices'],
  ['/etc', 'the host’s configuration'],
]

function describe(source: string): string {
  const path = canonicalPath(source)
  if (path === '/') return 'the whole host'
  const known = notorious.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`))
  if (known !== undefined) return known[1]
  return path.endsWith('.sock') ? 'a host socket' : 'a path of the host'
}

export const hostPathMount: Rule = {
  id: 'host-path-mount',
  title: 'No host path is mounted',
  why: 'A bind of / or of a service’s socket hands the host to the job (CIS Docker 5.6 and 5.32; CVE-2017-1002101, CVE-2021-30465). A link or `..` on the way changes nothing, since no bind is given at all.',
  fields: ['/mounts/*/type', '/mounts/*/source', '/mounts/*/target', '/mounts/*/readOnly'],
  revisions: [
    {
      since: 1,
      judge: (ask) =>
        ask.mounts
          .filter((mount) => mount.kind === 'bind' || /^[./~\\]|^file:|\.sock$/i.test(mount.source))
          .map(
            (mount): Finding => ({
              pointer: mount.source === '' ? mount.pointer : `${mount.pointer}/source`,
              message: `${quote(mount.source)} is ${describe(mount.source)}; no host path is ever mounted. Send what the job needs as \`files\`.`,
            }),
          ),
    },
  ],
  fixtures: {
    allow: [{ mounts: [] }],
    deny: [
      '/',
      '//',
      '/./',
      '/..',
      '/etc/../',
      '/var/run/docker.sock',
      '/proc/1/root',
      '/sys',
      '/dev/sda',
      '../x',
      '',
      'file:///',
    ].map((source) => ({ mounts: [{ type: 'bind' as const, source, target: '/host' }] })),
  },
}
