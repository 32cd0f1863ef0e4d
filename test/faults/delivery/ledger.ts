/** The book of a fault run: what became of each record, by its id. */

export interface Totals {
  readonly sent: number
  /** The client was told that they are taken. */
  readonly acknowledged: number
  /** The client was told that they never will be. */
  readonly refused: number
  readonly deliveredOnce: number
  readonly deliveredAgain: number
  /** The backend said that it will never take them. */
  readonly rejected: number
  /** Acknowledged, and neither delivered nor rejected. */
  readonly lost: readonly number[]
}

export class Ledger {
  readonly #acknowledged = new Set<number>()
  readonly #refused = new Set<number>()
  readonly #rejected = new Set<number>()
  readonly #delivered = new Map<number, number>()
  sent = 0

  acknowledge (ids: readonly number[]): void { for (const id of ids) this.#acknowledged.add(id) }
  refuse (ids: readonly number[]): void { for (const id of ids) this.#refused.add(id) }
  reject (ids: readonly number[]): void { for (const id of ids) this.#rejected.add(id) }
  deliver (ids: readonly number[]): void { for (const id of ids) this.#delivered.set(id, (this.#delivered.get(id) ?? 0) + 1) }

  get deliveredIds (): ReadonlySet<number> { return new Set(this.#delivered.keys()) }
  /** In the order in which clients were told. */
  get acknowledgedIds (): readonly number[] { return [...this.#acknowledged] }
  get acknowledged (): number { return this.#acknowledged.size }

  /** Acknowledged ones that are nowhere. */
  get missing (): number {
    let missing = 0
    for (const id of this.#acknowledged) if (!this.#delivered.has(id) && !this.#rejected.has(id)) missing++
    return missing
  }

  totals (): Totals {
    const counts = [...this.#delivered.values()]
    return {
      sent: this.sent, acknowledged: this.#acknowledged.size, refused: this.#refused.size,
      deliveredOnce: counts.filter(n => n === 1).length, deliveredAgain: counts.filter(n => n > 1).length, rejected: this.#rejected.size,
      lost: [...this.#acknowledged].filter(id => !this.#delivered.has(id) && !this.#rejected.has(id)).sort((a, b) => a - b)
    }
  }
}

export function line ({ sent, acknowledged, refused, deliveredOnce, deliveredAgain, rejected, lost }: Totals): string {
  return `${sent} sent, ${acknowledged} acknowledged, ${refused} refused; ${deliveredOnce} delivered once, ${deliveredAgain} more than once, ${rejected} rejected by the backend, ${lost.length} lost`
}
