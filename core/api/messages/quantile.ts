/** Quantiles of what was counted in buckets, as Prometheus' histogram_quantile makes them. */

/**
 * The value below which a share `q` (0 to 1) lies, between the bounds of its bucket by straight line. `counts` are per bucket, one more
 * than `bounds`; what lies above all bounds is said to be at the last. 0 when nothing was counted.
 */
export function quantile (q: number, bounds: readonly number[], counts: readonly number[]): number {
  const total = counts.reduce((sum, n) => sum + n, 0)
  if (total <= 0) return 0
  const wanted = q * total
  let below = 0
  for (const [i, upper] of bounds.entries()) {
    const here = counts[i] ?? 0
    if (here > 0 && below + here >= wanted) {
      const lower = i === 0 ? 0 : bounds[i - 1] as number
      return lower + (upper - lower) * Math.max(0, wanted - below) / here
    }
    below += here
  }
  return bounds.at(-1) ?? 0
}
