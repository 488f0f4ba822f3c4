// After many jobs of all kinds nothing is left: no mount, cgroup, process, descriptor or lock. 320 jobs here, 10,000 in test:full.
import { readdirSync } from 'node:fs'
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import { asRoot, instance, openTenant, persist, servicePid, type Tenant } from '../stack.js'

const rounds = process.env.STOCKADE_TEST_FULL === '1' ? 1250 : 40
const tenant = openTenant('leak')

/** One of each kind of end. */
const kinds: readonly JobSpec[] = [
  { language: 'bash', source: 'echo plain' },
  { language: 'bash', source: 'exit 1' },
  { language: 'bash', source: 'kill -SEGV $$' },
  { language: 'bash', source: 'while :; do :; done', limits: { cpuMs: 50 } },
  { language: 'bash', source: 'sleep 60', limits: { wallMs: 50 } },
  { language: 'bash', source: 'yes', limits: { outputBytes: 1000 } },
  {
    language: 'bash',
    source: '(setsid sleep 60 &) ; for n in $(seq 30); do sleep 60 & done; echo left',
  },
  {
    language: 'bash',
    source: 'head -c 20000000 /dev/zero > /tmp/big; mkdir -p a/b/c; ln -s / a/root; mkfifo f',
    user: { uid: 0, gid: 0 },
  },
]

const slots = readdirSync(`/run/${instance}/slots`).filter((name) => /^\d+$/.test(name)).length
const count = (script: string): number => Number(asRoot(['sh', '-c', script]).trim())

/** What can leak, counted from the host's side while no job is there. */
function left(): Record<string, number> {
  const user = `$(id -u ${instance}-launcher)`
  return {
    mounts: count('wc -l < /proc/self/mountinfo'),
    cgroups: count(`find /sys/fs/cgroup -type d -path '*/${instance}/*' 2> /dev/null | wc -l`),
    processesOfLauncher: count(`ps -e -o uid= | awk -v user=${user} '$1 == user' | wc -l`),
    processesOfJobs: count(
      `ps -e -o uid= | awk -v low=$(awk -F: '/^${instance}-launcher:/ { print $2; exit }' /etc/subuid) '$1 >= low' | wc -l`,
    ),
    descriptorsOfLauncher: count(`ls /proc/${servicePid('launcher')}/fd | wc -l`),
    descriptorsOfWorker: count(`ls /proc/${servicePid('worker')}/fd | wc -l`),
    slotFiles: count(`find /run/${instance} -maxdepth 3 | wc -l`),
    temporaryFiles: count(
      `find /tmp /var/tmp /dev/shm -xdev -user ${instance}-launcher -o -xdev -user ${instance}-worker 2> /dev/null | wc -l`,
    ),
  }
}

async function runAll(tenant: Tenant, times: number): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>()
  for (let round = 0; round < times; round++) {
    const jobs = await Promise.all(kinds.map((spec) => tenant.run(spec)))
    for (const { outcome } of jobs)
      outcomes.set(outcome ?? 'none', (outcomes.get(outcome ?? 'none') ?? 0) + 1)
  }
  return outcomes
}

t.test(`${rounds * kinds.length} jobs leave nothing behind`, async (t) => {
  await runAll(tenant, 2)
  // A sandbox waits in each slot, an init and a job process each: only then is the count before the same as the one after.
  await persist(async () => {
    const { processesOfJobs } = left()
    if (processesOfJobs !== 2 * slots) throw new Error(`${processesOfJobs} processes wait`)
  })
  const before = left()
  const outcomes = await runAll(tenant, rounds)
  t.equal(outcomes.get('sandbox-error'), undefined, JSON.stringify([...outcomes]))
  t.equal(outcomes.get('ok'), rounds * 3, 'each kind ended as it should')
  // A sandbox is torn down just after its result is told, so the last of them may still be on their way.
  await persist(async () => {
    const now = left()
    for (const [name, number] of Object.entries(now)) {
      if (number > (before[name] ?? 0))
        throw new Error(`${name}: ${before[name]} before, ${number} now`)
    }
  })
  t.pass(`as before: ${JSON.stringify(left())}`)
})
