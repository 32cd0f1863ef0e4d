/** Symptoms to look at again, as what explains them (an object, a call in a trace) may be told after them. In event time. */

/** After the last change of the symptom. */
const delaysMs = [10_000, 60_000] as const

interface Visit { readonly dueMs: number, readonly step: number, readonly worldVersion: number }

export class Revisits {
  readonly #plans = new Map<string, Visit>()

  get size (): number { return this.#plans.size }

  /** `worldVersion`: when it is still the same at the time, nothing new can be found. */
  plan (id: string, nowMs: number, worldVersion: number): void {
    this.#plans.delete(id)
    this.#plans.set(id, { dueMs: nowMs + delaysMs[0], step: 0, worldVersion })
  }

  /** Ids in the order of their plans. At the end of all rows: all whose world has changed. */
  due (nowMs: number, isLast: boolean, worldVersion: number): string[] {
    const found: string[] = []
    const later: [string, Visit][] = []
    for (const [id, visit] of this.#plans) {
      // Plans of one step are in order; those put back come last, so this goes past a few.
      if (!isLast && visit.dueMs > nowMs) continue
      this.#plans.delete(id)
      if (visit.worldVersion !== worldVersion) found.push(id)
      const next = delaysMs[visit.step + 1]
      if (next !== undefined && !isLast) later.push([id, { dueMs: nowMs + next, step: visit.step + 1, worldVersion }])
    }
    for (const [id, visit] of later) this.#plans.set(id, visit)
    return found
  }
}
