// When each key was used last, to the minute: written beside the requests, never by them, and at most once a minute for each key.
import type { Redis } from 'ioredis'
import { run, script } from '../queue/script.js'
import { keyRecord, keyUses } from './record-names.js'

const everyMs = 60_000
/** Keys that one process remembers to have told of. */
const remembered = 10_000

// In: uses, id, its record, how seldom. Redis’s own clock decides, so that several processes write no more often than one.
const noteScript = script(
  'note-key-use',
  `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('HGET', ARGV[1], ARGV[2]) or '0')
if now >= last and now - last < tonumber(ARGV[4]) then return 0 end
if redis.call('EXISTS', ARGV[3]) == 0 then return 0 end
redis.call('HSET', ARGV[1], ARGV[2], now)
return 1`,
)

export type KeyUses = { note(id: string): void }

export function openKeyUses(redis: Redis): KeyUses {
  const told = new Map<string, number>()
  return {
    note(id) {
      const now = performance.now()
      const last = told.get(id)
      if (last !== undefined && now - last < everyMs) return
      told.delete(id)
      told.set(id, now)
      if (told.size > remembered)
        for (const oldest of told.keys()) {
          told.delete(oldest)
          break
        }
      run(redis, noteScript, [keyUses, id, keyRecord(id), everyMs]).catch(() => told.delete(id))
    },
  }
}
