// The positive control of oci.test.ts: the same config, image and checker in Debian's crun and runc, which must agree on every point.
// Else the checker would know our sandbox, and not the config.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { OciConfig } from '../../contract/oci.js'
import { asRoot, instance, openTenant } from '../stack.js'
import {
  checkerSource,
  configOf,
  type Facts,
  firstSubordinateId,
  hostNamespaces,
  objectsToEach,
  planOf,
  type Report,
} from './oci-bundle.js'
import { mutationsInside } from './oci-mutations.js'

const tenant = openTenant('oci-other')

/** Makes a bundle on a file system of its own, as root: the image below, what is written above. */
const makeBundle = `set -eu
cd "$(mktemp -d /run/oci-bundle-XXXXXX)"
mount -t tmpfs -o mode=0755 none .
cd "$PWD"
mkdir upper work rootfs state
chown "$2:$2" upper
mount -t overlay -o "lowerdir=$1,upperdir=$PWD/upper,workdir=$PWD/work" overlay rootfs
mkdir -p rootfs/work
pwd`
const removeBundle = 'umount -l "$1/rootfs"; umount -l "$1"; rmdir "$1"'

function bundle(t: Test, image: string, owner: number): string {
  const rootfs = join('/var/lib', instance, 'images', image, 'rootfs')
  const directory = asRoot(['sh', '-c', makeBundle, 'sh', rootfs, String(owner)]).trim()
  t.teardown(() => asRoot(['sh', '-c', removeBundle, 'sh', directory]))
  return directory
}

const write = (path: string, text: string): unknown => asRoot(['tee', path], text)

/** crun refuses to start beside an empty v2 tree ("hybrid"): it is taken out of its sight, in a mount namespace of its own. */
const withoutHybrid = `v2=$(awk '$3 == "cgroup2" && $2 != "/sys/fs/cgroup" { print $2; exit }' /proc/mounts)
[ -z "$v2" ] || umount "$v2"
exec "$@"`

type Runtime = {
  readonly path: string
  readonly command: readonly string[]
  readonly lacks: readonly string[]
}
const runtimes: Readonly<Record<string, Runtime>> = {
  crun: {
    path: '/usr/bin/crun',
    command: ['unshare', '--mount', 'sh', '-c', withoutHybrid, 'sh', 'crun'],
    lacks: [],
  },
  // 1.1.5 knows no time namespace: the only thing in the config that must be left out.
  runc: { path: '/usr/sbin/runc', command: ['runc'], lacks: ['time'] },
}

function runIn(
  runtime: Runtime,
  directory: string,
  config: OciConfig,
  mutations: Facts['mutations'],
): Report {
  const facts: Facts = {
    namespaces: hostNamespaces(),
    seesHostIds: true,
    defaultDevices: true,
    mutations,
  }
  write(join(directory, 'config.json'), JSON.stringify(config))
  write(join(directory, 'rootfs/work/config.json'), JSON.stringify(config))
  write(join(directory, 'rootfs/work/facts.json'), JSON.stringify(facts))
  write(join(directory, 'rootfs/work/main.py'), checkerSource)
  const state = ['--root', join(directory, 'state')]
  const name = `stockade-${instance}-${process.pid}`
  const words = [...runtime.command, ...state, 'run', '--bundle', directory, name]
  return JSON.parse(asRoot(words)) as Report
}

for (const [name, runtime] of Object.entries(runtimes)) {
  t.test(name, async (t) => {
    t.ok(existsSync(runtime.path), `Debian's ${name} is installed (test/packages.sh)`)
    const { plan, step } = await planOf(tenant, { language: 'python', source: checkerSource })
    const whole = configOf(plan, step, firstSubordinateId())
    const namespaces = whole.linux.namespaces.filter(({ type }) => !runtime.lacks.includes(type))
    const config = { ...whole, linux: { ...whole.linux, namespaces } }
    const mutations = [
      ...mutationsInside(config),
      ...(['uid', 'gid'] as const).map((id) => ({
        name: `another ${id} on the host`,
        pointer: `/linux/${id}Mappings/0/hostID`,
        value: 7,
        objection: `${id}Mappings`,
      })),
    ]
    const directory = bundle(t, plan.imageDigest, firstSubordinateId())
    const report = runIn(runtime, directory, config, mutations)
    t.same(report.config, [], `what runs inside ${name} is what the config says`)
    objectsToEach(t, report, mutations)
  })
}

t.test('without the filter, the checker hears the calls that it would refuse', async (t) => {
  const { plan, step } = await planOf(tenant, { language: 'python', source: checkerSource })
  const whole = configOf(plan, step, firstSubordinateId())

  const namespaces = whole.linux.namespaces.filter(({ type }) => type !== 'time')
  const seccomp = { ...whole.linux.seccomp, defaultAction: 'SCMP_ACT_ALLOW' as const, syscalls: [] }
  const open = { ...whole, linux: { ...whole.linux, namespaces, seccomp } }
  const directory = bundle(t, plan.imageDigest, firstSubordinateId())
  const runtime = runtimes.runc
  if (runtime === undefined) throw new Error('no runc')
  const asked = [
    { name: 'as planned', pointer: '/linux/seccomp', value: whole.linux.seccomp, objection: '' },
  ]
  const report = runIn(runtime, directory, open, asked)
  t.same(report.config, [], 'each call answers what the kernel alone answers')
  for (const call of ['mount', 'unshare', 'keyctl', 'clone3', 'socket[16', 'ioctl', 'mknod'])
    t.ok(
      report.mutations['as planned']?.some((check) => check.startsWith(call)),
      `${call}: the filter makes the difference`,
    )
})

t.test('the bundle of the tests leaves nothing mounted', (t) => {
  t.notMatch(readFileSync('/proc/mounts', 'utf8'), /\/run\/oci-bundle-/)
  t.end()
})
