// The end of a job: compare-and-set on (job, attempt), so that there is one result and no second.
import type { Redis } from 'ioredis'
import type { Receipt } from '../contract/receipt.js'
import type { RunResult } from '../contract/result.js'
import { enqueue } from './enqueue.js'
import type { NewEvent } from './events.js'
import { handOver, offer } from './fair-order.js'
import { evenWhenFull, finish, leave, names } from './fragment.js'
import { keyPrefix } from './keys.js'
import { summaryOf } from './record.js'
import { run, script } from './script.js'
import { usedBy } from './usage.js'

// In: prefix, id, attempt, outcome, summary, result, now, bytes in output files, receipt or nothing, slots, what it used as
// JSON, then name and data of the run’s last events. Out: 1 or 0 (stale).
// A repeat by the same attempt (its answer was lost) is told 1 again and changes nothing. The end of one job is room for the next, which
// is handed over here, so that a full queue costs no call of its own to the feeder.
const commitScript = script(
  'commit',
  `${evenWhenFull}${names}${offer}${leave}${finish}${handOver}${enqueue}
local id = ARGV[2]
local known = redis.call('HMGET', job_key(id), 'state', 'attempt')
if known[1] == 'finished' and known[2] == ARGV[3] and redis.call('HGET', job_key(id), 'outcome') == ARGV[4] then return 1 end
if known[1] ~= 'running' or known[2] ~= ARGV[3] then return 0 end
local used = cjson.decode(ARGV[11])
redis.call('HSET', job_key(id), 'outputBytes', ARGV[8], 'cpuMs', used.cpuMs, 'wallMs', used.wallMs, 'memoryMebibyteMs', used.memoryMebibyteMs)
if ARGV[9] ~= '' then redis.call('HSET', job_key(id), 'receipt', ARGV[9]) end
events(id, from(12), 86400)
finish(id, ARGV[4], ARGV[5], ARGV[6], ARGV[7], false)
enqueue(hand_over(ARGV[7], ARGV[10], {}), ARGV[7])
return 1`,
)

/** Bytes of a result that lie in files. Two streams with the same bytes share one, and are counted as two. */
function outputBytesOf({ steps, artifacts }: RunResult): number {
  const outputs = steps.flatMap(({ stdout, stderr }) => [stdout, stderr])
  const packed = artifacts?.pack?.bytes ?? 0
  return outputs.reduce((sum, kept) => (typeof kept === 'string' ? sum : sum + kept.bytes), packed)
}

/** The receipt names the time of the end, so that both come together. */
export type Signed = { readonly receipt: Receipt | null; readonly finishedAtMs: number }

/** False when another attempt has taken over: this result is not the job's. @throws StoreUnavailable; repeatable. */
export async function commit(
  redis: Redis,
  jobId: string,
  attempt: number,
  result: RunResult,
  slots: number,
  events: readonly NewEvent[] = [],
  { receipt, finishedAtMs }: Signed = { receipt: null, finishedAtMs: Date.now() },
): Promise<boolean> {
  const values = [
    keyPrefix,
    jobId,
    attempt,
    result.outcome,
    summaryOf(result),
    JSON.stringify(result),
    finishedAtMs,
    outputBytesOf(result),
    receipt === null ? '' : JSON.stringify(receipt),
    slots,
    JSON.stringify(usedBy(result)),
    ...events.flatMap((event) => [event.name, event.data]),
  ]
  return (await run(redis, commitScript, values)) === 1
}
