// Figures of one series of measurements: sorted once, read by quantile.

export type Summary = {
  readonly runs: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

/** Quantiles of `values` by the nearest-rank rule, in the unit of `values`. @throws RangeError when empty. */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('no measurements')
  const sorted = [...values].sort((left, right) => left - right)
  const at = (quantile: number): number => {
    const rank = Math.max(1, Math.ceil(quantile * sorted.length))
    return round(sorted[rank - 1] ?? Number.NaN)
  }
  return { runs: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}

/** Three decimals: below that a machine that others share says nothing. */
export function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
