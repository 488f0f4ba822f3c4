// How full Redis is, by its own figures: looked at by the housekeeping, known to admission without asking.
import type { Redis } from 'ioredis'

export type StoreMemory = { readonly usedBytes: number; readonly maximumBytes: number }

export type MemoryWatch = {
  /** Asks Redis. @throws Error when it is away. */
  look(): Promise<StoreMemory>
  /** The last look; zeros before the first. */
  readonly memory: StoreMemory
  /** Above the mark at the last look, or told so since. */
  readonly isNearlyFull: boolean
  /** Redis refused a write for want of memory: known before the next look. */
  noteFull(): void
}

const figure = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0)

export function openMemoryWatch(redis: Redis, fullPercent: number): MemoryWatch {
  let memory: StoreMemory = { usedBytes: 0, maximumBytes: 0 }
  let isNearlyFull = false
  return {
    async look() {
      const text = await redis.info('memory')
      memory = { usedBytes: figure(text, 'used_memory'), maximumBytes: figure(text, 'maxmemory') }
      isNearlyFull =
        memory.maximumBytes > 0 && memory.usedBytes * 100 > memory.maximumBytes * fullPercent
      return memory
    },
    get memory() {
      return memory
    },
    get isNearlyFull() {
      return isNearlyFull
    },
    noteFull() {
      isNearlyFull = true
    },
  }
}
