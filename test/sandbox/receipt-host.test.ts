// A receipt against the host's own eyes: what root reads of a job while it runs, and what its receipt says afterwards.
import { randomInt } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Enforced, ReceiptStatement } from '../../contract/receipt.js'
import type { Job } from '../../contract/result.js'
import { accountOf, asRoot, openTenant } from '../stack.js'

const tenant = openTenant('receipt-host')

/** As root: the files of a job are its own uid's. */
const text = (path: string): string => asRoot(['cat', path])
const onV2 = existsSync('/sys/fs/cgroup/cgroup.controllers')

/** Where a controller of v1 is mounted. */
function mountOf(controller: string): string {
  const line = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((one) => one.split(' '))
    .find(
      ([, , type, options = '']) => type === 'cgroup' && options.split(',').includes(controller),
    )
  if (line?.[1] === undefined) throw new Error(`no hierarchy of ${controller}`)
  return line[1]
}

/** The directory of a process's control group. */
function groupOf(pid: number, controller: string): string {
  const lines = text(`/proc/${pid}/cgroup`)
    .trim()
    .split('\n')
    .map((line) => line.split(':'))
  if (onV2) return join('/sys/fs/cgroup', lines.find(([, names]) => names === '')?.[2] ?? '')
  const path = lines.find(([, names = '']) => names.split(',').includes(controller))?.[2] ?? ''
  return join(mountOf(controller), path)
}

function cgroupSeen(pid: number): Enforced['cgroup'] {
  const number = (controller: string, file: string): number =>
    Number(text(join(groupOf(pid, controller), file)))
  if (onV2) {
    // The quota of all steps together is the slot's, one level up, or the step's own.
    const [quota, period] = text(join(groupOf(pid, ''), 'cpu.max'))
      .trim()
      .split(' ')
    return {
      version: 2,
      memoryBytes: number('', 'memory.max'),
      swapBytes: number('', 'memory.swap.max'),
      processes: number('', 'pids.max'),
      cpuQuotaUs: Number(quota),
      cpuPeriodUs: Number(period),
    }
  }
  const memoryBytes = number('memory', 'memory.limit_in_bytes')
  const cpu = groupOf(pid, 'cpu')
  return {
    version: 1,
    memoryBytes,
    swapBytes: number('memory', 'memory.memsw.limit_in_bytes') - memoryBytes,
    processes: number('pids', 'pids.max'),
    cpuQuotaUs: Number(text(join(cpu, 'cpu.cfs_quota_us'))),
    cpuPeriodUs: Number(text(join(cpu, 'cpu.cfs_period_us'))),
  }
}

function resourceLimitsSeen(pid: number): Enforced['resourceLimits'] {
  const limits = text(`/proc/${pid}/limits`)
  const hard = (name: string): number =>
    Number(new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(limits)?.[1])
  return {
    openFiles: hard('Max open files'),
    fileBytes: hard('Max file size'),
    stackBytes: hard('Max stack size'),
    coreBytes: hard('Max core file size'),
    cpuSeconds: hard('Max cpu time'),
  }
}

type StatusSeen = Pick<Enforced, 'capabilities' | 'noNewPrivileges'> & {
  readonly seccomp: Pick<Enforced['seccomp'], 'mode' | 'filters'>
  readonly uid: number
}

function statusSeen(pid: number): StatusSeen {
  const status = text(`/proc/${pid}/status`)
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? ''
  return {
    capabilities: {
      inheritable: field('CapInh'),
      permitted: field('CapPrm'),
      effective: field('CapEff'),
      bounding: field('CapBnd'),
      ambient: field('CapAmb'),
    },
    noNewPrivileges: field('NoNewPrivs') === '1',
    seccomp: { mode: Number(field('Seccomp')), filters: Number(field('Seccomp_filters')) },
    uid: Number(field('Uid')),
  }
}

const kinds = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'time'] as const
function namespacesSeen(pid: number | 'self'): Record<string, number> {
  const inode = (kind: string): number =>
    Number(/\d+/.exec(asRoot(['readlink', `/proc/${pid}/ns/${kind}`]))?.[0])
  return Object.fromEntries(kinds.map((kind) => [kind, inode(kind)]))
}

function networkSeen(pid: number): Pick<Enforced['network'], 'devices' | 'ipv4'> {
  const devices = [...text(`/proc/${pid}/net/dev`).matchAll(/^ *([^\s:|]+):/gm)]
  const local = asRoot(['nsenter', `--net=/proc/${pid}/ns/net`, 'cat', '/proc/self/net/fib_trie'])
  return { devices: devices.map((match) => match[1] ?? ''), ipv4: local.includes('127.0.0.1') }
}

const mapSeen = (pid: number, file: string): string =>
  text(`/proc/${pid}/${file}`).trim().split(/\s+/).join(' ')

function diskSeen(pid: number): Enforced['disk'] {
  const [blocks, size, inodes] = asRoot(['stat', '-fc', '%b %S %c', `/proc/${pid}/root`])
    .trim()
    .split(' ')
    .map(Number)
  return { bytes: (blocks ?? 0) * (size ?? 0), inodes: inodes ?? 0 }
}

type Seen = StatusSeen &
  Pick<Enforced, 'cgroup' | 'resourceLimits' | 'disk' | 'namespaces'> & {
    readonly maps: readonly [string, string]
    readonly network: Pick<Enforced['network'], 'devices' | 'ipv4'>
  }

function look(pid: number): Seen {
  return {
    ...statusSeen(pid),
    cgroup: cgroupSeen(pid),
    resourceLimits: resourceLimitsSeen(pid),
    disk: diskSeen(pid),
    namespaces: namespacesSeen(pid),
    maps: [mapSeen(pid, 'uid_map'), mapSeen(pid, 'gid_map')],
    network: networkSeen(pid),
  }
}

/** Runs a job that waits, looks at its process from the host as soon as it has written, and ends it. */
async function lookWhileItRuns(spec: Partial<JobSpec>): Promise<{ seen: Seen; job: Job }> {
  const nap = `99.${randomInt(1_000_000_000, 9_999_999_999)}` // how its process is told from all others
  const source = `sleep ${nap} & echo here; wait`
  const { id } = await tenant.submit({ language: 'bash', source, ...spec })
  let seen: Seen | null = null
  for await (const event of tenant.events(id)) {
    if (event.name !== 'stdout' || seen !== null) continue
    seen = look(Number(asRoot(['pgrep', '-fx', `sleep ${nap}`])))
    await tenant.request('DELETE', `/v1/jobs/${id}`)
  }
  const job = await tenant.finished(id)
  if (seen === null) throw new Error(`it never wrote: ${accountOf(job)}`)
  return { seen, job }
}

const specs: Record<string, Partial<JobSpec>> = {
  'limits of its own, no network': {
    network: 'none',
    limits: {
      memoryBytes: 67 * 1_048_576,
      processes: 17,
      cpus: 0.5,
      openFiles: 77,
      fileBytes: 123_457,
      diskBytes: 7_777_777,
      cpuMs: 3000,
    },
  },
  'limits by default, a loopback': { network: 'loopback' },
}

for (const [name, spec] of Object.entries(specs)) {
  t.test(name, async (t) => {
    const { seen, job } = await lookWhileItRuns(spec)
    t.equal(job.outcome, 'cancelled', accountOf(job))
    const payload = Buffer.from(job.receipt?.payload ?? '', 'base64').toString('utf8')
    const enforced = (JSON.parse(payload) as ReceiptStatement).predicate.steps[0]?.enforced
    if (enforced === undefined) throw new Error('the receipt tells of no step')
    t.same(enforced.cgroup, seen.cgroup, 'control groups')
    t.same(enforced.resourceLimits, seen.resourceLimits, 'resource limits')
    t.same(enforced.disk, seen.disk, 'disk')
    t.same(enforced.capabilities, seen.capabilities)
    t.equal(enforced.noNewPrivileges, seen.noNewPrivileges)
    t.match(enforced.seccomp, seen.seccomp)
    t.same([enforced.identity.uidMap, enforced.identity.gidMap], seen.maps)
    const [, first] = enforced.identity.uidMap.split(' ').map(Number)
    t.equal((first ?? 0) + enforced.identity.uid, seen.uid, 'the uid on the host')
    t.match(enforced.network, seen.network)
    t.equal(enforced.network.ipv4, spec.network === 'loopback')
    t.same(enforced.namespaces, seen.namespaces)
    const host = namespacesSeen('self')
    for (const kind of kinds)
      t.not(enforced.namespaces[kind], host[kind], `${kind}: not the host's`)
    t.same(enforced.sharedWithHost, [])
    const asked = spec.limits
    if (asked !== undefined) {
      t.equal(enforced.cgroup.memoryBytes, asked.memoryBytes)
      t.equal(enforced.cgroup.processes, asked.processes)
      t.equal(enforced.resourceLimits.openFiles, asked.openFiles)
      t.equal(enforced.resourceLimits.fileBytes, asked.fileBytes)
    }
    const parameter = '/sys/module/apparmor/parameters/enabled'
    const hasAppArmor = existsSync(parameter) && text(parameter).trim() === 'Y'
    t.equal(enforced.apparmor.kernel, hasAppArmor, 'AppArmor is claimed where the kernel has it')
    if (!hasAppArmor) t.equal(enforced.apparmor.label, 'none')
  })
}
