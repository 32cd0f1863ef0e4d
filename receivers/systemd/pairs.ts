/**
 * Bus and journal tell the same changes of units, in either order, and each may miss one the other has (the bus skips states
 * that pass quickly, the journal is all there is of the time before the start). Whoever comes first is believed; its twin from
 * the other source is dropped, one for one, so that the same thing happening twice stays two.
 */
export type FactSource = 'bus' | 'journal'
/** Fact, who told it, how often more than the other source. */
export type Pairing = readonly [key: string, source: FactSource, ahead: number]

/** Facts that are remembered; the oldest are forgotten. */
const mostFacts = 2048

export class Pairs {
  readonly #ahead = new Map<string, { source: FactSource, count: number }>()

  constructor (saved: readonly Pairing[] = []) {
    for (const [key, source, count] of saved.slice(-mostFacts)) this.#ahead.set(key, { source, count })
  }

  /** Whether `source` is the first to tell it. */
  first (key: string, source: FactSource): boolean {
    const known = this.#ahead.get(key)
    // Moved to the end: the first of a Map is the one that was told longest ago.
    this.#ahead.delete(key)
    const isTwin = known !== undefined && known.source !== source && known.count > 0
    const before = known?.count ?? 0
    this.#ahead.set(key, isTwin ? { source: known.source, count: before - 1 } : { source, count: before + 1 })
    if (this.#ahead.size > mostFacts) this.#ahead.delete(this.#ahead.keys().next().value as string)
    return !isTwin
  }

  /** Whether either source has told it. */
  told (key: string): boolean { return this.#ahead.has(key) }

  saved (): Pairing[] { return [...this.#ahead].map(([key, { source, count }]) => [key, source, count]) }
}

export function factKey (unit: string, invocation: string, fact: string): string { return `${unit}/${invocation}/${fact}` }
