// Admissions that may have no line in an audit log: the line goes into Redis in the step that admits the job, and leaves it once it stands
// in a log. So whoever dies between the two, or never hears that a job of its was taken, leaves the line for another to tell.
import type { Redis } from 'ioredis'
import { keyPrefix } from './keys.js'
import { run, script } from './script.js'

/** mark_untold(id, line, now): for the script that admits. */
export const markUntold = `
local function mark_untold(id, line, now)
  redis.call('ZADD', P .. 'untold', now, id)
  redis.call('HSET', P .. 'untold-lines', id, line)
end
`

// In: prefix, ids. The first write is a removal, so that it runs also when Redis is full.
const settleScript = script(
  'settle-untold',
  `for at = 2, #ARGV do
  redis.call('ZREM', ARGV[1] .. 'untold', ARGV[at])
  redis.call('HDEL', ARGV[1] .. 'untold-lines', ARGV[at])
end
return 1`,
)

// In: prefix, now, oldest that is not late. Out: id and line in turn, a hundred at most. Who takes them puts them off for the others.
const lateScript = script(
  'late-untold',
  `local late = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', ARGV[1] .. 'untold', '-inf', '(' .. ARGV[3], 'LIMIT', 0, 100)) do
  redis.call('ZADD', ARGV[1] .. 'untold', ARGV[2], id)
  late[#late + 1] = id
  late[#late + 1] = redis.call('HGET', ARGV[1] .. 'untold-lines', id) or ''
end
return late`,
)

/** These stand in a log. @throws StoreUnavailable; repeatable. */
export async function settleUntold(redis: Redis, jobIds: readonly string[]): Promise<void> {
  for (let at = 0; at < jobIds.length; at += 1000)
    await run(redis, settleScript, [keyPrefix, ...jobIds.slice(at, at + 1000)])
}

export type Untold = { readonly jobId: string; readonly line: string }

/** Admitted before this moment, and still in no log. @throws StoreUnavailable */
export async function lateUntold(redis: Redis, beforeMs: number): Promise<Untold[]> {
  const answer = (await run(redis, lateScript, [keyPrefix, Date.now(), beforeMs])) as string[]
  const late: Untold[] = []
  for (let at = 0; at + 1 < answer.length; at += 2)
    late.push({ jobId: answer[at] ?? '', line: answer[at + 1] ?? '' })
  return late
}
