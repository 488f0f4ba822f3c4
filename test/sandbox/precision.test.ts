// Figures beside what the program knows of itself and what the host's side sees: 20 runs each here, 100 in `npm run precision`.
import t from 'tap'
import { hold } from '../precision/host.js'
import { mebibyte, memoryProbes, observe, probes } from '../precision/probes.js'
import { spreadOf, spreadText } from '../precision/spread.js'
import { accountOf, openTenant } from '../stack.js'
import { compiled } from './program.js'

const runs = 20
const tenant = openTenant('sandbox-precision')
const program = compiled('precision/probe.c')

t.test('processor time of many short children is counted, each of them', async (t) => {
  const off = await observe(tenant, program, probes.forker, runs)
  t.comment(spreadText(spreadOf(off), 'ms'))
  const within = off.filter((difference) => Math.abs(difference) <= 10).length
  t.ok(within >= 0.95 * runs, `${within} of ${runs} within 10 ms`)
})

for (const probe of memoryProbes) {
  t.test(`peak memory, ${probe.name}: each page once`, async (t) => {
    const off = await observe(tenant, program, probe, runs)
    t.comment(spreadText(spreadOf(off), 'KiB'))
    const most = probe.processes * 512 * 1024
    const within = off.filter((bytes) => Math.abs(bytes) <= most).length
    t.ok(within >= 0.95 * runs, `${within} of ${runs} within ${most} bytes`)
    t.ok(
      off.every((bytes) => Math.abs(bytes) <= 2 * most),
      'all within twice that',
    )
  })
}

t.test('what all sandboxes share is nobody’s peak', async (t) => {
  const [warmed, ...off] = await observe(tenant, program, probes.image, runs + 1)
  t.comment(
    `${spreadText(spreadOf(off), 'KiB')}; the first ${Math.round((warmed ?? 0) / 1024)} KiB`,
  )
  // A machine that is short of memory may have dropped it before any of these runs, but not before each.
  t.ok(Math.min(...off) <= 512 * 1024, 'a file of the image costs nothing once it is in memory')
})

t.test('a sleep is in the wall time, whole', async (t) => {
  const off = await observe(tenant, program, probes.sleeper, runs)
  t.comment(spreadText(spreadOf(off), 'ms'))
  t.ok(
    off.every((milliseconds) => milliseconds >= 0),
    'no run is told shorter than the program saw it',
  )
})

t.test('a result says what the control group says to the host', async (t) => {
  const { host, job } = await hold(tenant, program, probes.anonymous)
  t.ok(host.chargedBytes >= 16 * mebibyte, `the host sees it: ${host.chargedBytes} bytes`)
  const peak = job.usage?.memoryPeakBytes ?? Number.NaN
  t.ok(Math.abs(peak - host.chargedBytes) <= mebibyte, `${peak} told; ${accountOf(job)}`)
  const spinner = await hold(tenant, program, probes.spinner)
  t.ok(spinner.host.cpuMs >= 300, `the host sees it: ${spinner.host.cpuMs} ms`)
})
