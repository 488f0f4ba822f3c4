// The golden record is as policy speaks now: `npm run gen` after a change that is meant.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { rules } from '../../policy/rules.js'
import { faultyGrants, faultyJobs, grantFaultsOf, jobFaults } from './faulty.js'
import { goldenOf } from './golden.js'
import { planned, planOf } from './plans.js'

type Golden = Record<string, unknown>

const read = (name: string): unknown =>
  JSON.parse(readFileSync(`test/policy/${name}.golden.json`, 'utf8'))
/** As JSON has it. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const verdicts = read('verdicts') as Golden
const faults = read('faults') as { jobs: Golden; grants: Golden }
const plans = read('plans') as Golden

t.test('the golden record has every rule and case, and no other', async (t) => {
  t.strictSame(
    Object.keys(verdicts),
    rules.map(({ id }) => id),
  )
  t.strictSame(Object.keys(faults.jobs), Object.keys(faultyJobs))
  t.strictSame(Object.keys(faults.grants), Object.keys(faultyGrants))
  t.strictSame(Object.keys(plans), Object.keys(planned))
})

for (const rule of rules) {
  t.test(`${rule.id} judges its examples as the golden record says`, async (t) => {
    t.strictSame(goldenOf(rule), verdicts[rule.id])
  })
}

for (const [name, value] of Object.entries(faultyJobs)) {
  t.test(`job: ${name}`, async (t) => {
    t.strictSame(jobFaults(value), faults.jobs[name])
  })
}

for (const [name, text] of Object.entries(faultyGrants)) {
  t.test(`grant: ${name}`, async (t) => {
    t.strictSame(grantFaultsOf(text), faults.grants[name])
  })
}

for (const [name, one] of Object.entries(planned)) {
  t.test(`plan: ${name}`, async (t) => {
    t.not(plans[name], null, 'it is allowed')
    t.strictSame(plain(planOf(one)), plans[name])
  })
}
