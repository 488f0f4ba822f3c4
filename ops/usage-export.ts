// Rows of usage as CSV (RFC 4180) or as JSON lines, for whoever bills by them. Pure: rows in, text out.
import { faults } from '../contract/outcome.js'
import { quotaNames } from '../contract/quota.js'
import type { UsageRow } from '../contract/usage.js'

type Column = readonly [string, (row: UsageRow) => string | number]

const columns: readonly Column[] = [
  ['day', ({ day }) => day],
  ['tenant', ({ tenant }) => tenant],
  ['submits', ({ submits }) => submits],
  ...faults.map((fault): Column => [`jobs_${fault}`, ({ jobs }) => jobs[fault]]),
  ['cpuMs', ({ cpuMs }) => cpuMs],
  ['wallMs', ({ wallMs }) => wallMs],
  ['memoryMebibyteMs', ({ memoryMebibyteMs }) => memoryMebibyteMs],
  ['storedBytes', ({ storedBytes }) => storedBytes],
  ...quotaNames.map((name): Column => [`refused_${name}`, ({ refused }) => refused[name] ?? 0]),
]

export const csvHead = `${columns.map(([name]) => name).join(',')}\r\n`

/** No value needs quotes: days, names of tenants (small letters, digits, hyphens) and whole numbers. */
export const csvLine = (row: UsageRow): string =>
  `${columns.map(([, value]) => value(row)).join(',')}\r\n`

export const jsonLine = (row: UsageRow): string => `${JSON.stringify(row)}\n`
