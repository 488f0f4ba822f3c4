// Jobs that have ended here. Whoever writes to Redis could set a finished record back and have its sealed payload run again:
// a worker refuses what it has itself brought to an end. It remembers so many, and for as long as it lives (docs/security.md).

const endedMax = 65_536

export type ReplayGuard = {
  end(jobId: string): void
  hasEnded(jobId: string): boolean
}

export function openReplayGuard(): ReplayGuard {
  const ended = new Set<string>()
  return {
    end(jobId) {
      ended.add(jobId)
      for (const oldest of ended) {
        if (ended.size <= endedMax) break
        ended.delete(oldest)
      }
    },
    hasEnded: (jobId) => ended.has(jobId),
  }
}
