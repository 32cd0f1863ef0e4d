/**
 * Bus and journal tell the same changes of units, in either order, and each may miss one the other has (the bus skips states
 * that pass quickly, the journal is all there is of the time before the start). Whoever comes first is believed; its twin from
 * the other source is dropped, one for one, so that the same thing happening twice stays two.
 */
export type FactSource = 'bus' | 'journal'
/** Fact, how often the bus has told it, how often the journal. */
export type Pairing = readonly [key: string, bus: number, journal: number]

/** Facts that are remembered; the oldest are forgotten. */
const mostFacts = 2048

export class Pairs {
  readonly #told = new Map<string, Readonly<Record<FactSource, number>>>()

  constructor (saved: readonly Pairing[] = []) {
    for (const [key, bus, journal] of saved.slice(-mostFacts)) this.#told.set(key, { bus, journal })
  }

  /** Which time it happens, from 1 on, when `source` is the first to tell it; 0: the other source has. */
  first (key: string, source: FactSource): number {
    const before = this.#told.get(key) ?? { bus: 0, journal: 0 }
    const isTwin = before[source === 'bus' ? 'journal' : 'bus'] > before[source]
    // Moved to the end: the first of a Map is the one that was told longest ago.
    this.#told.delete(key)
    this.#told.set(key, { ...before, [source]: before[source] + 1 })
    if (this.#told.size > mostFacts) this.#told.delete(this.#told.keys().next().value as string)
    return isTwin ? 0 : before[source] + 1
  }

  /** Whether either source has told it. */
  told (key: string): boolean { return this.#told.has(key) }

  saved (): Pairing[] { return [...this.#told].map(([key, { bus, journal }]) => [key, bus, journal]) }
}

export function factKey (unit: string, invocation: string, fact: string): string { return `${unit}/${invocation}/${fact}` }
