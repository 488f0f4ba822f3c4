// runc and crun on a bundle with our namespaces, an id map and no capability; started by root, as an engine starts them.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Absence, nothingToEnd, type Place, reasonOf, type Way, type Ways } from './way.js'

const ids = { containerID: 0, hostID: 2_000_000_000, size: 65_536 }

/** config.json of the OCI runtime specification, 1.0.2. */
const configuration = {
  ociVersion: '1.0.2',
  process: {
    terminal: false,
    user: { uid: 1000, gid: 1000 },
    args: ['/bin/true'],
    env: ['PATH=/usr/bin:/bin'],
    cwd: '/',
    capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
    noNewPrivileges: true,
  },
  root: { path: 'rootfs', readonly: true },
  hostname: 'sandbox',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev'] },
  ],
  linux: {
    uidMappings: [ids],
    gidMappings: [ids],
    resources: { memory: { limit: 67_108_864 }, pids: { limit: 16 } },
    namespaces: ['user', 'pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({
      type,
    })),
  },
}

/**
 * In a mount namespace of its own, so that nothing of it is left: the image where the bundle wants it, with the directories that a
 * runtime mounts on; the empty v2 tree away, without which crun 1.8 takes hybrid control groups for an error; a /run of its own.
 */
const surroundings =
  'mount -t overlay -o "lowerdir=$1:$2" overlay "$3"; umount /sys/fs/cgroup/unified 2> /dev/null; mount -t tmpfs tmpfs /run; shift 3; exec "$@"'
const mountPoints = ['dev', 'proc', 'sys', 'tmp']

function wayOf(program: string, place: Place, bundle: string): Way {
  const state = join(place.directory, `${program}-state`)
  const around = ['unshare', '--mount', 'sh', '-c', surroundings, 'sh']
  const path = `/usr/sbin/${program}`
  const binary = existsSync(path) ? path : `/usr/bin/${program}`
  return {
    name: `${program} run`,
    batch: 3,
    watch: [
      ...[...around, join(bundle, 'points'), place.root, join(bundle, 'rootfs')],
      ...[place.spawn, 'exec'],
    ],
    words: (lane) => [
      ...[binary, '--root', state],
      ...['run', '--bundle', bundle, `stockade-bench-${lane}`],
    ],
    lanesMax: 32,
  }
}

function tryOnce(way: Way): Absence | null {
  const [program = '', ...rest] = [...way.watch, '1', '0', ...way.words(0)]
  try {
    execFileSync(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
    return null
  } catch (error) {
    return { name: way.name, reason: reasonOf(error) }
  }
}

export function oci(place: Place): Ways {
  const bundle = join(place.directory, 'bundle')
  mkdirSync(join(bundle, 'rootfs'), { recursive: true })
  for (const name of mountPoints) mkdirSync(join(bundle, 'points', name), { recursive: true })
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(configuration))
  const tried = ['runc', 'crun']
    .map((program) => wayOf(program, place, bundle))
    .map((way) => ({ way, fault: tryOnce(way) }))
  return {
    ways: tried.flatMap(({ way, fault }) => (fault === null ? [way] : [])),
    absent: tried.flatMap(({ fault }) => fault ?? []),
    end: nothingToEnd,
  }
}
