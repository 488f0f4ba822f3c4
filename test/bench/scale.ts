// How much the bench does: STOCKADE_BENCH_RUNS=0.1 makes a tenth of it, to see that all works; figures want 1.

export const factor = Number(process.env.STOCKADE_BENCH_RUNS ?? '1')
if (!(factor > 0)) throw new RangeError('STOCKADE_BENCH_RUNS must be a number above zero')

/** `count` times the factor, at least one. */
export const scaled = (count: number): number => Math.max(1, Math.round(count * factor))

function wanted(name: string, usual: number): number {
  const text = process.env[name]
  if (text === undefined) return scaled(usual)
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`${name} is no number of things`)
  return count
}

/** Jobs that wait in the queue at one time: issue 4 speaks of 100,000, which take some ten minutes. */
export const queuedJobs = wanted('STOCKADE_BENCH_QUEUED', 5000)
/** Jobs after which nothing may have grown. */
export const soakJobs = wanted('STOCKADE_BENCH_SOAK', 3000)
/** Waiting slots that are really started; a thousand are reckoned from them, unless there are a thousand. */
export const waitingSlots = wanted('STOCKADE_BENCH_WAITING', 64)
