// No socket of the host, and no directory that holds sockets.
import { isWithin, normalHostPath } from './path.js'
import { denyEach, type Judge, leaveOut, type Rule } from './rule.js'
import { quote } from './wording.js'

const places = ['/run', '/var/run', '/tmp/.X11-unix'] as const

function showsSocket(source: string): boolean {
  if (/^\s*(@|unix:)/i.test(source) || /\.(sock|socket)$/i.test(source.trim())) return true
  const path = normalHostPath(source)
  if (/\.(sock|socket)(\/|$)/i.test(path)) return true
  return places.some((place) => isWithin(path, place) || isWithin(place, path))
}

const judge: Judge = (ask) =>
  denyEach(
    ask.mounts.filter(
      (mount) =>
        mount.source !== null && (mount.type === 'bind' || /[/:@]/.test(mount.source.value)),
    ),
    (mount) => mount.source?.pointer ?? mount.pointer,
    ({ source }) =>
      source !== null && showsSocket(source.value)
        ? `${quote(source.value)} is or holds a socket of the host, and whoever reaches an engine’s socket is root. No socket is given.`
        : null,
  )

const sources = [
  '/var/run/docker.sock',
  '/run/docker.sock',
  '/var/run/../run/./docker.sock',
  '/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
  '/run/user/1000/docker.sock',
  '/home/me/.docker/run/docker.sock',
  '/home/me/DOCKER.SOCK',
  '/run',
  '/var',
  '/',
  'unix:///var/run/docker.sock',
  '@/containerd-shim/x',
  '/run/dbus/system_bus_socket',
]

export const hostSocket: Rule = {
  id: 'host-socket',
  title: 'No host sockets',
  why: 'docker.sock in a container is the classic way out of it; containerd, podman, cri-o, D-Bus and systemd are no better, and read-only does not help: connecting is not writing.',
  references: [
    'CIS Docker 5.31 (no Docker socket)',
    'Kubernetes Pod Security, baseline: HostPath Volumes',
  ],
  allows: 'none',
  repair: leaveOut,
  fields: ['/mounts/*/source'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'no mount', job: { mounts: [] } }],
    deny: sources.map((source) => ({
      name: source,
      job: { mounts: [{ type: 'bind' as const, source, target: '/mnt', readOnly: true }] },
    })),
  }),
}
