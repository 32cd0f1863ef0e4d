/** A small seeded generator (mulberry32), so that a failing property test names a seed and can be run again. */
export interface Random {
  /** 32 random bits. */
  word(): number
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number
  /** True with probability `p`. */
  chance(p: number): boolean
  pick<T>(items: readonly T[]): T
}

export function seeded (seed: number): Random {
  let state = seed >>> 0
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ state >>> 15, state | 1)
    t ^= t + Math.imul(t ^ t >>> 7, t | 61)
    return (t ^ t >>> 14) >>> 0
  }
  const below = (limit: number): number => Math.floor(word() / 4294967296 * limit)
  return { word, below, chance: p => word() / 4294967296 < p, pick: items => items[below(items.length)] as never }
}
