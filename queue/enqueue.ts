// Giving BullMQ a job inside a script of ours: handed over and queued are one step, one wait for the disk, and no gap to die in.
// The Lua is BullMQ's own, of the version that package-lock.json pins; as a function it takes its keys and arguments from us.
import { addStandardJob } from 'bullmq/dist/cjs/scripts/addStandardJob-9.js'
import { queueName } from './keys.js'

/**
 * enqueue(ids, now): BullMQ ignores an id that it has. What it refuses stays in `handover`, and the feeder tries again: our own
 * transition is never undone by a fault of the queue's.
 */
export const enqueue = `
local function bull_add(KEYS, ARGV)
${addStandardJob.content}
end
local function enqueue(ids, now)
  local bull = P .. 'bull:${queueName}:'
  local keys = {}
  for at, name in ipairs({'wait', 'paused', 'meta', 'id', 'completed', 'delayed', 'active', 'events', 'marker'}) do keys[at] = bull .. name end
  for _, id in ipairs(ids) do
    pcall(bull_add, keys, {cmsgpack.pack({bull, id, 'job', tonumber(now)}), 'null', cmsgpack.pack({attempts = 1, jobId = id})})
  end
end
`
