// Jobs refused by a quota: noted by each api process, booked on the tenant’s row of usage once a second.
import type { Redis } from 'ioredis'
import type { QuotaName } from '../contract/quota.js'
import { names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'
import { usage } from './usage-fragment.js'

// In: prefix, then tenant, quota and how often, in turn.
const refusalScript = script(
  'refusals',
  `${names}${usage}
for at = 2, #ARGV, 3 do book(ARGV[at], 0, {'refused:' .. ARGV[at + 1], tonumber(ARGV[at + 2])}) end`,
)

export type Refusals = {
  note(tenant: string, quota: QuotaName): void
  /** Books what was noted; what cannot be booked is kept for the next turn. */
  flush(redis: Redis): Promise<void>
}

/**
 * Refusals are noted here and booked once a second: a write for each would make a flood of them cost a wait for the disk each, which is
 * what a quota is to keep away.
 */
export function openRefusals(): Refusals {
  let noted = new Map<string, number>()
  const add = (name: string, by: number): unknown => noted.set(name, (noted.get(name) ?? 0) + by)
  return {
    note: (tenant, quota) => void add(`${tenant} ${quota}`, 1),
    async flush(redis) {
      if (noted.size === 0) return
      const taken = noted
      noted = new Map()
      const values = [...taken].flatMap(([name, count]) => [...name.split(' '), count])
      try {
        await run(redis, refusalScript, [keyPrefix, ...values])
      } catch (error) {
        for (const [name, count] of taken) add(name, count)
        throw error
      }
    },
  }
}
