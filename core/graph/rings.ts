/** The rings of a running graph: outliving every worker that attaches to them, and every reload that leaves them as they are. */
import { isDeepStrictEqual } from 'node:util'
import type { Meter } from '../telemetry/meter.js'
import type { HeldRing } from '../threads/protocol.js'
import { RingMonitor, createRing } from '../threads/ring.js'
import type { Plan } from './plan.js'
import type { RingPlan } from './plan-rings.js'
import { ringCapacity, ringLost, ringUsed } from './runtime-metrics.js'

interface Held extends HeldRing { readonly plan: RingPlan, readonly monitor: RingMonitor, isClosed: boolean }

export class Rings {
  #held: readonly Held[] = []
  /** Those of the plan that is to follow. */
  #next: readonly Held[] | undefined
  /** Left behind by reloads, closed, not read to their end yet. */
  #left: Held[] = []
  #serials = 0

  constructor (plan: Plan, readonly meter: Meter) {
    this.#held = plan.rings.map(ring => this.#make(ring))
  }

  /** What a thread needs to attach to its rings: of the plan that is to follow, where there is one. */
  of (thread: string): Record<string, HeldRing> {
    const own = (this.#next ?? this.#held).filter(h => h.plan.consumer === thread || h.plan.producers.includes(thread))
    return Object.fromEntries(own.map(({ plan, serial, memory }) => [plan.id, { serial, memory }]))
  }

  /** Makes what another plan needs and is not there. */
  prepare (plan: Plan): void {
    this.#next = plan.rings.map(ring => this.#held.find(h => !h.isClosed && isDeepStrictEqual(h.plan, ring)) ?? this.#make(ring))
  }

  /** The prepared ones are in force. Of those left behind, what no thread goes on reading (`isRead`) is abandoned: returns its rows. */
  takeOver (isRead: (ring: RingPlan) => boolean): number {
    const next = this.#next ?? this.#held
    const left = this.#held.filter(h => !next.includes(h))
    this.#held = next
    this.#next = undefined
    let rows = 0
    for (const h of left) {
      h.monitor.close()
      if (isRead(h.plan) && isAlive(h)) this.#left.push(h)
      else rows += this.#abandon(h)
    }
    return rows
  }

  /** The prepared ones are not to be. Rings that were closed for them stay closed: `prepare` makes others. */
  drop (): void {
    for (const h of this.#next ?? []) if (!this.#held.includes(h)) h.monitor.abort()
    this.#next = undefined
  }

  /** Closes those that the prepared plan does not have, as far as chosen: their readers drain them and then see the end. */
  closeLeaving (which: (ring: RingPlan) => boolean): void {
    for (const h of this.#held) if (this.#next?.includes(h) === false && which(h.plan)) this.#close(h)
  }

  /** No more writes into the chosen rings; their readers drain them and then see the end. */
  close (which: (ring: RingPlan) => boolean): void {
    for (const h of this.#all()) if (which(h.plan)) this.#close(h)
  }

  /** Aborts the chosen rings and returns how many rows were still in them. */
  abandon (which: (ring: RingPlan) => boolean): number {
    return this.#all().filter(h => which(h.plan)).reduce((rows, h) => rows + this.#abandon(h), 0)
  }

  /** A worker has ended: its half-written slots become lost, its read positions are kept for its successor. */
  threadDied (threadId: number): void {
    for (const h of this.#all()) {
      // Nobody comes after the reader of a ring that was left behind.
      const keepCursor = !this.#left.includes(h)
      this.#count(h, h.monitor.markThreadDead(threadId, { keepCursor }).rows)
    }
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
    this.#left = this.#left.filter(isAlive)
    for (const h of this.#held) {
      const behind = this.#left.filter(l => l.plan.id === h.plan.id)
      this.meter.gauge(ringUsed, { ring: h.plan.id }).set([h, ...behind].reduce((bytes, r) => bytes + r.monitor.stats().usedBytes, 0))
      this.meter.gauge(ringCapacity, { ring: h.plan.id }).set(h.monitor.stats().capacityBytes)
    }
  }

  #all (): Held[] { return [...new Set([...this.#left, ...this.#held, ...this.#next ?? []])] }

  #make (plan: RingPlan): Held {
    const memory = createRing({ capacityBytes: plan.capacityBytes, maxProducers: plan.producers.length, maxConsumers: 1 })
    return { plan, memory, serial: this.#serials++, monitor: new RingMonitor(memory), isClosed: false }
  }

  #close (h: Held): void {
    h.isClosed = true
    h.monitor.close()
  }

  #abandon (h: Held): number {
    let rows = 0
    for (const peer of h.monitor.peers()) if (peer.kind === 'consumer') rows += h.monitor.markDead(peer).rows
    this.#count(h, rows)
    h.monitor.abort()
    return rows
  }

  #count (h: Held, rows: number): void {
    if (rows > 0) this.meter.counter(ringLost, { ring: h.plan.id }).add(rows)
  }
}

const isAlive = ({ monitor }: Held): boolean => monitor.peers().some(p => p.kind === 'consumer' && p.status === 'alive')
