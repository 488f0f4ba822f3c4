// What a turn of housekeeping does for jobs that wait for others: dependents that were too many for the script which ended their job, and
// the names of those that were cancelled for it, for the audit log.
import type { Redis } from 'ioredis'
import { offer } from './fair-order.js'
import { evenWhenFull, finish, leave, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'
import type { Unrun } from './unrun.js'

const toldATurn = 1000

// In: prefix, now. Out: id, tenant, grant and its revision of each that was cancelled since the last turn (at most 200).
const dependentsScript = script(
  'dependents',
  `${evenWhenFull}${names}${offer}${leave}${finish}
tell_dependents(ARGV[2], ${toldATurn})
local gone = {}
for _, id in ipairs(redis.call('LPOP', P .. 'cascaded', 200) or {}) do
  local known = redis.call('HMGET', job_key(id), 'tenant', 'grant', 'grantRevision')
  if known[1] then gone[#gone + 1] = {id, known[1], known[2] or '', known[3] or ''} end
end
return gone`,
)

/** @throws StoreUnavailable */
export async function tellDependents(redis: Redis): Promise<readonly Unrun[]> {
  const gone = (await run(redis, dependentsScript, [keyPrefix, Date.now()])) as [
    string,
    string,
    string,
    string,
  ][]
  return gone.map(([jobId, tenant, name, revision]) => ({
    jobId,
    tenant,
    grant: { name, revision },
  }))
}
