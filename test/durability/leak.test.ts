// After many jobs of all kinds nothing is left: no mount, cgroup, process, descriptor or lock. 320 jobs here, 10,000 in test:full.
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import { left, poolWaits, settled } from '../host-left.js'
import { openTenant, type Tenant } from '../stack.js'

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
  await poolWaits()
  const before = left()
  const outcomes = await runAll(tenant, rounds)
  t.equal(outcomes.get('sandbox-error'), undefined, JSON.stringify([...outcomes]))
  t.equal(outcomes.get('ok'), rounds * 3, 'each kind ended as it should')
  t.pass(`as before: ${JSON.stringify(await settled(before))}`)
})
