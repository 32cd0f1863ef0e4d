/** Things that happen at times, in order; a thing that happens may plan others. */
interface Planned { readonly atMs: number, readonly order: number, readonly act: () => void }

export class Simulation {
  /** A binary heap. */
  readonly #heap: Planned[] = []
  #order = 0
  nowMs: number

  constructor (readonly startMs: number, readonly endMs: number) { this.nowMs = startMs }

  /** Past times mean now; beyond the end it never happens. */
  at (atMs: number, act: () => void): void {
    if (atMs > this.endMs) return
    this.#push({ atMs: Math.max(Math.round(atMs), this.nowMs), order: this.#order++, act })
  }

  after (delayMs: number, act: () => void): void { this.at(this.nowMs + delayMs, act) }

  /** `act` answers how long until the next time; undefined ends it. */
  repeat (firstMs: number, act: () => number | undefined): void {
    this.at(firstMs, () => {
      const nextMs = act()
      if (nextMs !== undefined) this.repeat(this.nowMs + Math.max(1, nextMs), act)
    })
  }

  run (): void {
    for (let next = this.#pop(); next !== undefined; next = this.#pop()) {
      this.nowMs = next.atMs
      next.act()
    }
    this.nowMs = this.endMs
  }

  #push (planned: Planned): void {
    const heap = this.#heap
    let at = heap.push(planned) - 1
    while (at > 0) {
      const up = at - 1 >> 1
      if (!isBefore(planned, heap[up] as Planned)) break
      heap[at] = heap[up] as Planned
      at = up
    }
    heap[at] = planned
  }

  #pop (): Planned | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (heap.length === 0 || last === undefined) return first
    let at = 0
    for (;;) {
      let down = at * 2 + 1
      if (down >= heap.length) break
      if (down + 1 < heap.length && isBefore(heap[down + 1] as Planned, heap[down] as Planned)) down++
      if (!isBefore(heap[down] as Planned, last)) break
      heap[at] = heap[down] as Planned
      at = down
    }
    heap[at] = last
    return first
  }
}

function isBefore (a: Planned, b: Planned): boolean { return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order) }
