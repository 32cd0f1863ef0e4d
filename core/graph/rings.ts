/** The rings of a running graph: made once, outliving every worker that attaches to them. */
import type { Meter } from '../telemetry/meter.js'
import { RingMonitor, RingSuspects, createRing, type PoisonSlot, type RingMemory } from '../threads/ring.js'
import type { Plan } from './plan.js'
import type { RingPlan } from './plan-rings.js'
import { ringCapacity, ringLost, ringUsed } from './runtime-metrics.js'

interface Held { readonly plan: RingPlan, readonly memory: RingMemory, readonly monitor: RingMonitor, readonly suspects: RingSuspects }

/** What a reader died of twice, taken out of `ring`. */
export interface Poison extends PoisonSlot { readonly ring: string, readonly pipeline: string }

export class Rings {
  readonly #held: readonly Held[]

  constructor (plan: Plan, readonly meter: Meter) {
    this.#held = plan.rings.map(ring => {
      const memory = createRing({ capacityBytes: ring.capacityBytes, maxProducers: ring.producers.length, maxConsumers: 1 })
      return { plan: ring, memory, monitor: new RingMonitor(memory), suspects: new RingSuspects(memory) }
    })
  }

  /** What a thread needs to attach to its rings. */
  memories (thread: string): Record<string, RingMemory> {
    const own = this.#held.filter(h => h.plan.consumer === thread || h.plan.producers.includes(thread))
    return Object.fromEntries(own.map(h => [h.plan.id, h.memory]))
  }

  /** No more writes into the chosen rings; their readers drain them and then see the end. */
  close (which: (ring: RingPlan) => boolean): void {
    for (const h of this.#held) if (which(h.plan)) h.monitor.close()
  }

  /** Aborts the chosen rings and returns how many rows were still in them. */
  abandon (which: (ring: RingPlan) => boolean): number {
    let rows = 0
    for (const h of this.#held) {
      if (!which(h.plan)) continue
      rows += this.#bury(h, h.monitor.peers().filter(p => p.kind === 'consumer'))
      h.monitor.abort()
    }
    return rows
  }

  /**
   * A worker has ended: its half-written slots become lost, its read positions are kept for its successor. `isBlamed`: it may have died of
   * what it read. Returns what its successors shall not die of again.
   */
  threadDied (threadId: number, isBlamed: boolean): Poison[] {
    const found: Poison[] = []
    for (const h of this.#held) {
      const reader = h.monitor.peers().find(p => p.kind === 'consumer' && p.threadId === threadId)
      this.#count(h, h.monitor.markThreadDead(threadId, { keepCursor: true }).rows)
      const poison = reader === undefined ? undefined : h.suspects.died(reader.index, isBlamed)
      if (poison !== undefined) found.push({ ring: h.plan.id, pipeline: h.plan.pipeline, ...poison })
    }
    return found
  }

  /** Index of the read position that a dead reader left, by ring. */
  inheritance (thread: string): Record<string, number> {
    const kept: Record<string, number> = {}
    for (const h of this.#held) {
      if (h.plan.consumer !== thread) continue
      const dead = h.monitor.peers().find(p => p.kind === 'consumer' && p.status === 'dead_kept')
      if (dead !== undefined) kept[h.plan.id] = dead.index
    }
    return kept
  }

  /** Brings the gauges up to date. */
  measure (): void {
    for (const h of this.#held) {
      const stats = h.monitor.stats()
      this.meter.gauge(ringUsed, { ring: h.plan.id }).set(stats.usedBytes)
      this.meter.gauge(ringCapacity, { ring: h.plan.id }).set(stats.capacityBytes)
    }
  }

  #bury (h: Held, consumers: ReturnType<RingMonitor['peers']>): number {
    let rows = 0
    for (const peer of consumers) rows += h.monitor.markDead(peer).rows
    this.#count(h, rows)
    return rows
  }

  #count (h: Held, rows: number): void {
    if (rows > 0) this.meter.counter(ringLost, { ring: h.plan.id }).add(rows)
  }
}
