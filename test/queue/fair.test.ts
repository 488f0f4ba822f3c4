// Fairness in simulated time, on the real scripts: shares by weight, a newcomer’s wait in units of run time, nobody starves, and numbers
// that stay exact. docs/queue.md, “Fairness”, says why each of these holds.
import t from 'tap'
import { accountMax, oldestEvery } from '../../queue/fair-order.js'
import { prefix } from './live-queue.js'
import { jobKeys, openLiveRedis } from './live-redis.js'
import { type SimulatedJob, type Simulation, sharesOf, simulate } from './simulation.js'

const live = await openLiveRedis()
t.teardown(() => live.close())

/** Numbers between 0 and 1, the same at each run (a linear congruential generator, Park and Miller). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

async function flood(on: Simulation, count: number, job: SimulatedJob): Promise<void> {
  for (let at = 0; at < count; at++) await on.arrive(job)
}

async function withSlots(slots: number, work: (on: Simulation) => Promise<void>): Promise<void> {
  const on = await simulate(live, slots)
  try {
    await work(on)
  } finally {
    on.close()
  }
}

const percent = (part: number | undefined): string => `${((part ?? 0) * 100).toFixed(1)} %`

t.test('weights 1, 2 and 4 share the slots so, whatever their jobs take', async (t) => {
  for (const runMs of [
    { one: 100, two: 100, four: 100 },
    { one: 40, two: 1000, four: 200 },
  ])
    await withSlots(8, async (on) => {
      const longest = Math.max(...Object.values(runMs))
      const begin = on.now()
      const spanMs = 100 * longest
      const wanted = { one: 1 / 7, two: 2 / 7, four: 4 / 7 }
      for (const [tenant, weight] of Object.entries({ one: 100, two: 200, four: 400 })) {
        const ms = runMs[tenant as keyof typeof runMs]
        const enough = Math.ceil(
          (8 * spanMs * 1.2 * wanted[tenant as keyof typeof wanted]) / ms + 16,
        )
        await flood(on, enough, { tenant, weight, runMs: ms })
      }
      while (on.now() < begin + spanMs) await on.run(20)
      const shares = sharesOf(on.begun, begin + 10 * longest, begin + spanMs)
      for (const [tenant, share] of Object.entries(wanted)) {
        t.comment(
          `${tenant}: ${percent(shares.get(tenant))} of the slots, wanted ${percent(share)}`,
        )
        t.ok(Math.abs((shares.get(tenant) ?? 0) - share) < 0.03, `${tenant} has its share`)
      }
    })
})

t.test('a tenant with long jobs gets no more than its share of the slots', async (t) => {
  await withSlots(8, async (on) => {
    const begin = on.now()
    await flood(on, 8000, { tenant: 'short', runMs: 50 })
    await flood(on, 100, { tenant: 'long', runMs: 5000 })
    let most = 0
    while (on.now() < begin + 60_000) {
      await on.run(20)
      // What it was given before anybody could know how long its jobs are is over by then.
      if (on.now() < begin + 10_000) continue
      most = Math.max(most, on.busy().filter(({ tenant }) => tenant === 'long').length)
    }
    const share = sharesOf(on.begun, begin, begin + 60_000).get('long') ?? 0
    const places = on.begun.map(({ tenant }) => tenant)
    t.comment(`long: ${percent(share)} of the slots, at most ${most} of 8 at once`)
    t.ok(Math.abs(share - 0.5) < 0.05)
    t.ok(most <= 5)
    t.ok(places.lastIndexOf('long') > 1000, 'and it was served all the time')
  })
})

t.test('a newcomer waits no longer than one job runs, whatever the flood', async (t) => {
  const runMs = 1000
  for (const slots of [1, 2, 8])
    for (const vary of [false, true])
      await withSlots(slots, async (on) => {
        const random = numbers(slots)
        const length = (): number => (vary ? 1 + Math.floor(random() * runMs) : runMs)
        for (let at = 0; at < 600; at++)
          await on.arrive({ tenant: `flood-${at % 3}`, weight: 1000, runMs: length() })
        // Until each of the flood has had its own first job.
        await on.run(6 * slots)
        let worst = { delay: 0, jobs: 0 }
        for (let newcomer = 0; newcomer < 25; newcomer++) {
          await on.run(1 + Math.floor(random() * 2 * slots))
          const id = await on.arrive({ tenant: `new-${newcomer}`, weight: 1, runMs: length() })
          for (;;) {
            const mine = on.begun.find((job) => job.id === id)
            if (mine === undefined) {
              await on.run(1)
              continue
            }
            const delay = (mine.startedMs - mine.arrivedMs) / runMs
            worst = {
              delay: Math.max(worst.delay, delay),
              jobs: Math.max(worst.jobs, mine.begunBefore),
            }
            break
          }
        }
        t.comment(
          `${slots} slots, ${vary ? 'mixed' : 'equal'} jobs: at most ${worst.delay} run times and ${worst.jobs} jobs before it`,
        )
        t.ok(worst.delay <= 1, 'one job’s run time')
        t.ok(worst.jobs <= 2 * slots - 1, 'behind what was in flight, and nobody else')
      })
})

t.test('a newcomer goes before a tenant whose jobs took much less than was thought', async (t) => {
  await withSlots(2, async (on) => {
    await flood(on, 20, { tenant: 'slow', runMs: 30_000 })
    await on.run(20)
    await flood(on, 300, { tenant: 'quick', runMs: 1 })
    const id = await on.arrive({ tenant: 'new', runMs: 1 })
    await on.run()
    const mine = on.begun.find((job) => job.id === id)
    t.ok((mine?.begunBefore ?? 99) <= 3, `${mine?.begunBefore} before it`)
  })
})

t.test('a cap holds, and costs the others nothing', async (t) => {
  await withSlots(8, async (on) => {
    await flood(on, 200, { tenant: 'capped', runMs: 1000, cap: 2, weight: 1000 })
    await flood(on, 300, { tenant: 'free', runMs: 100 })
    let most = 0
    let idle = 0
    while (on.begun.filter(({ tenant }) => tenant === 'free').length < 290) {
      await on.run(1)
      most = Math.max(most, on.busy().filter(({ tenant }) => tenant === 'capped').length)
      idle = Math.max(idle, 8 - on.busy().length)
    }
    t.equal(most, 2)
    t.equal(idle, 0, 'no slot is idle while somebody may use it')
  })
})

t.test('nobody starves: a weight of 1 beside weights of 100', async (t) => {
  await withSlots(2, async (on) => {
    for (const tenant of ['heavy-1', 'heavy-2'])
      await flood(on, 900, { tenant, weight: 100, runMs: 100 })
    await flood(on, 12, { tenant: 'light', weight: 1, runMs: 100 })
    await on.run(1700)
    const places = on.begun.flatMap(({ tenant }, at) => (tenant === 'light' ? [at] : []))
    const gaps = places.slice(1).map((place, at) => place - (places[at] ?? 0))
    t.comment(`jobs of others between two of it: ${gaps.join(', ')}`)
    t.ok(gaps.length >= 7)
    // In its turn of 100 run times the two heavy ones have 100 each, one more each for what is in flight, and the slots’ own.
    t.ok(Math.max(...gaps) <= 2 * 101 + 2)
  })
})

t.test(
  `a job of the last priority starts within ${oldestEvery} hand-overs for each older one`,
  async (t) => {
    await withSlots(1, async (on) => {
      const first = { tenant: 'mixed', runMs: 10 }
      await flood(on, 3, { ...first, priority: 5 })
      const id = await on.arrive({ ...first, priority: 9 })
      for (let at = 0; at < 100; at++) {
        await flood(on, 2, { ...first, priority: 0 })
        await on.run(1)
      }
      const place = on.begun.findIndex((job) => job.id === id)
      t.comment(`it was number ${place + 1}, with urgent ones coming all the time`)
      t.ok(place >= 0 && place < 4 * oldestEvery)
      const urgent = on.begun.filter(({ priority }) => priority === 0).length
      t.ok(
        urgent >= on.begun.length - 4 - on.begun.length / oldestEvery,
        'the urgent went first all the same',
      )
    })
  },
)

t.test(
  'numbers stay exact: near the highest the order is the same, and they come down',
  async (t) => {
    const orders: string[][] = []
    for (const lift of [0, accountMax - 20_000])
      await withSlots(3, async (on) => {
        for (let at = 0; at < 60; at++)
          for (const [tenant, weight] of [
            ['a', 1],
            ['b', 7],
            ['c', 1000],
          ] as const)
            await on.arrive({ tenant, weight, runMs: 10 + ((at * 7) % 13) })
        if (lift > 0) await liftAccounts(lift)
        await on.run(150)
        orders.push(on.begun.map(({ tenant }) => tenant))
        const most = Number((await live.look.get(`${prefix}used-most`)) ?? 0)
        t.ok(most < accountMax, `${most} is below the highest`)
      })
    t.same(orders[1], orders[0])
  },
)

async function liftAccounts(by: number): Promise<void> {
  const { look } = live
  await look.set(`${prefix}used-most`, String(Number(await look.get(`${prefix}used-most`)) + by))
  for (const [tenant, text] of Object.entries(await look.hgetall(`${prefix}accounts`))) {
    const [used = 0, open = 0] = text.split(' ').map(Number)
    await look.hset(`${prefix}accounts`, tenant, `${used + by} ${open}`)
    await look.zadd(`${prefix}tenants`, 'XX', used + by + open, tenant)
    await look.zadd(`${prefix}served`, 'XX', used + by, tenant)
  }
}

t.test('a clock that jumps a year costs a tenant no more than its jobs may take', async (t) => {
  await withSlots(2, async (on) => {
    const job = { runMs: 100, lifetimeMs: 1000 }
    await flood(on, 300, { tenant: 'one', ...job })
    await flood(on, 300, { tenant: 'other', ...job })
    await on.run(50)
    on.jump(365 * 24 * 3_600_000)
    const begin = on.now()
    await on.run(50)
    on.jump(-2 * 365 * 24 * 3_600_000)
    await on.run(300)
    const shares = sharesOf(on.begun, begin, on.now())
    t.comment(`shares afterwards: ${percent(shares.get('one'))}, ${percent(shares.get('other'))}`)
    // Two jobs of one may have been charged a second instead of 100 ms: 2 × 10 of 400 jobs.
    t.ok(Math.abs((shares.get('one') ?? 0) - 0.5) < 0.06)
  })
})

t.test('whatever comes: no slot idles, every job ends, and nothing is left', async (t) => {
  for (const seed of [1, 2, 3])
    await withSlots(4, async (on) => {
      const random = numbers(seed * 7919)
      const upTo = (most: number): number => 1 + Math.floor(random() * most)
      for (let at = 0; at < 400; at++) {
        await on.arrive({
          tenant: `tenant-${upTo(12)}`,
          weight: upTo(1000),
          cap: upTo(6),
          priority: upTo(10) - 1,
          runMs: upTo(upTo(10) === 1 ? 20_000 : 200),
        })
        if (random() < 0.5) await on.run(upTo(3))
      }
      await on.run()
      t.equal(on.begun.length, 400)
      const left = (await jobKeys(live.look)).map((key) => key.slice(prefix.length))
      const living =
        /^(tenants|served|accounts|usual-times|weights|turns|debts|used-most|running-caps|charges|waiting:|inflight:|shallow|ages|age-grants)/
      t.same(
        left.filter((key) => living.test(key)),
        [],
      )
    })
})
