// Bias and spread of a series of differences.

export type Spread = {
  readonly runs: number
  /** The middle one: what is always too much or too little. */
  readonly bias: number
  readonly least: number
  readonly p5: number
  readonly p95: number
  readonly most: number
}

/** Quantiles by the nearest-rank rule, in the unit of `off`. @throws RangeError when empty. */
export function spreadOf(off: readonly number[]): Spread {
  if (off.length === 0) throw new RangeError('no measurements')
  const sorted = [...off].sort((one, other) => one - other)
  const at = (quantile: number): number =>
    sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1] ?? Number.NaN
  return {
    runs: sorted.length,
    bias: at(0.5),
    least: at(0),
    p5: at(0.05),
    p95: at(0.95),
    most: at(1),
  }
}

/** In words, for a test's comment: milliseconds as they are, bytes as KiB. */
export function spreadText(spread: Spread, unit: 'ms' | 'KiB'): string {
  const { runs, ...quantiles } = spread
  const [bias, least, p5, p95, most] = Object.values(quantiles).map((value) => inUnit(value, unit))
  return `off by ${bias} ${unit} in the middle, ${p5} to ${p95} in 90 of 100, ${least} to ${most} in all ${runs} runs`
}

export function inUnit(value: number, unit: 'ms' | 'KiB'): string {
  return unit === 'ms' ? value.toFixed(2) : String(Math.round(value / 1024))
}
