/** Repeatable randomness for property tests: the same seed, the same run, on every machine. */
export interface Random {
  /** A whole number from 0 to `n` - 1. */
  below(n: number): number
  pick<T>(items: readonly T[]): T
}

/** mulberry32: small, and good enough to shuffle test input. */
export function randomOf (seed: number): Random {
  let state = seed >>> 0
  const below = (n: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
  return { below, pick: items => items[below(items.length)] as (typeof items)[number] }
}
