/**
 * The ends of rings in one thread: one writing end a ring, and one pump a ring that is read here. They are the same over reloads as
 * long as their ring is; `RingEnds` is what of them one plan needs.
 */
import type { Clock } from '../component/clock.js'
import type { Consumer } from '../component/component.js'
import { localRetryPolicy } from '../delivery/backoff.js'
import { aborted } from '../delivery/in-flight.js'
import { parallelOf, ringLends } from '../graph/lending.js'
import type { FindFactory, Plan } from '../graph/plan.js'
import type { RingPlan } from '../graph/plan-rings.js'
import { Outlet } from '../graph/outlet.js'
import type { Layer } from '../graph/layers.js'
import type { ThreadGraph } from '../graph/thread-graph.js'
import type { Pressure } from '../pressure/pressure.js'
import type { Logger } from '../telemetry/logger.js'
import type { HeldRing } from './protocol.js'
import { RingConsumer, RingProducer } from './ring.js'
import { RingPump } from './ring-pump.js'
import { RingSender } from './ring-sender.js'

export interface RingEndsOptions {
  readonly thread: string
  readonly plan: Plan
  readonly find: FindFactory
  readonly rings: Readonly<Record<string, HeldRing>>
  /** Read positions that dead readers left, by ring. */
  readonly inherit?: Readonly<Record<string, number>>
  readonly clock: Clock
  readonly pressure: Pressure
  readonly logger: Logger
  drops(component: string, pipeline: string): { add: (reason: string, rows: number) => void }
}

interface Pumped { readonly ring: RingPlan, readonly layer: Layer, readonly pump: RingPump, readonly outlet: Outlet }

const nowhere: Consumer = { consume: () => ({ status: 'refused', reason: 'the pipeline is gone' }) }

export class RingEnds {
  /** By the ring's serial number. */
  readonly #producers: Map<number, RingProducer>
  readonly #pumps: Map<number, Pumped>
  readonly #senders = new Map<string, RingSender | undefined>()
  /** What was there, until this takes over. */
  #old: { readonly producers: ReadonlyMap<number, RingProducer>, readonly pumps: ReadonlyMap<number, Pumped> } = { producers: new Map(), pumps: new Map() }

  /** `before`: the ends that are there already. */
  constructor (readonly options: RingEndsOptions, before?: RingEnds) {
    if (before !== undefined) this.#old = { producers: before.#producers, pumps: before.#pumps }
    const stay = <T>(all: ReadonlyMap<number, T>): Map<number, T> => new Map([...all].filter(([serial]) => this.#has(serial)))
    this.#producers = stay(this.#old.producers)
    this.#pumps = stay(this.#old.pumps)
  }

  #has (serial: number): boolean { return Object.values(this.options.rings).some(ring => ring.serial === serial) }

  /** One writing end a side of a pipeline, however many components send into it; undefined when this thread writes none. */
  writer (pipeline: string, side: 'in' | 'out'): Consumer | undefined {
    const key = `${pipeline}:${side}`
    if (!this.#senders.has(key)) this.#senders.set(key, this.#sender(pipeline, side))
    return this.#senders.get(key)
  }

  /** Attaches to the rings that this thread reads. Those it read already are left as they are. */
  attach (graph: ThreadGraph): void {
    const { plan, thread } = this.options
    for (const ring of plan.rings) {
      const { serial } = this.options.rings[ring.id] ?? { serial: -1 }
      if (ring.consumer === thread && !this.#pumps.has(serial)) this.#pumps.set(serial, this.#pump(ring, graph))
    }
  }

  start (layer: Layer): void {
    for (const p of this.#pumps.values()) if (p.layer === layer) p.pump.start()
  }

  /** Resolves when all that feeds the layer has been read to its end: their rings must be closed. */
  async drained (layer: Layer): Promise<void> {
    await Promise.all([...this.#pumps.values()].filter(p => p.layer === layer).map(p => p.pump.ended))
  }

  /**
   * For an exchange by `after`: what is read from rings that stay waits where `isDisturbed` says so, and rings that do not stay
   * (closed before) are read to their end, at the latest until `signal` aborts.
   */
  async hold (layer: Layer, after: RingEnds, isDisturbed: (pipeline: string) => boolean, signal: AbortSignal): Promise<void> {
    const here = [...this.#pumps].filter(([, p]) => p.layer === layer)
    for (const [serial, p] of here) if (after.#has(serial) && isDisturbed(p.ring.pipeline)) p.outlet.close()
    const over = aborted(signal)
    await Promise.race([Promise.all(here.filter(([serial]) => !after.#has(serial)).map(([, p]) => p.pump.ended)), over.promise])
    over.cancel()
  }

  /** After the layer has drained: whoever still writes into a ring that does not stay is asked to come again, and then takes the new way. */
  leaveTo (after: RingEnds): void {
    for (const sender of this.#senders.values()) if (sender !== undefined && !sender.serials.every(serial => after.#has(serial))) sender.leaving = true
  }

  /** What is read goes along the wiring of `graph`. Pumps of rings that did not stay go on until they have ended, where there is a place for their rows. */
  takeOver (graph: ThreadGraph): void {
    const { plan, thread, find } = this.options
    const left = [...this.#old.pumps].filter(([serial]) => !this.#pumps.has(serial))
    for (const [serial, p] of left) {
      const entry = graph.entry(p.ring.pipeline, p.ring.side)
      if (entry === undefined) { p.pump.leave(); p.outlet.dismiss(); continue }
      this.#pumps.set(serial, p)
      void p.pump.ended.then(() => this.#pumps.delete(serial))
    }
    for (const p of this.#pumps.values()) {
      const lend = ringLends(plan, thread, find, p.ring.pipeline, p.ring.side)
      p.outlet.aim(graph.entry(p.ring.pipeline, p.ring.side) ?? nowhere, lend)
      p.pump.tune({ batchSize: plan.service.batchSize, lend, parallel: this.#parallel(p.ring) })
      p.outlet.open()
    }
    for (const [serial, producer] of this.#old.producers) if (!this.#producers.has(serial)) producer.detach()
    this.#old = { producers: new Map(), pumps: new Map() }
  }

  /** Gives up what was attached beside the ends before. */
  drop (): void {
    for (const [serial, { pump }] of this.#pumps) if (!this.#old.pumps.has(serial)) pump.leave()
    for (const [serial, producer] of this.#producers) if (!this.#old.producers.has(serial)) producer.detach()
  }

  /** Ends all waiting for consumers that answer `retry`. */
  abort (): void { for (const { pump } of this.#pumps.values()) pump.abort() }

  close (): void { for (const producer of this.#producers.values()) producer.detach() }

  #sender (pipeline: string, side: 'in' | 'out'): RingSender | undefined {
    const { plan, thread, rings } = this.options
    const targets = plan.rings.filter(r => r.pipeline === pipeline && r.side === side && r.producers.includes(thread)).map(r => rings[r.id] as HeldRing)
    if (targets.length === 0) return undefined
    const drops = this.options.drops(`ring/${pipeline}:${side}`, pipeline)
    const { whenFull, enqueueTimeoutMs } = plan.service
    return new RingSender(targets.map(ring => this.#producer(ring)), { whenFull, enqueueTimeoutMs, onDrop: (reason, rows) => drops.add(reason, rows) }, targets.map(ring => ring.serial))
  }

  #producer ({ serial, memory }: HeldRing): RingProducer {
    const known = this.#producers.get(serial) ?? RingProducer.attach(memory)
    this.#producers.set(serial, known)
    return known
  }

  #pump (ring: RingPlan, graph: ThreadGraph): Pumped {
    const { plan, thread, find, rings, inherit = {}, clock, logger } = this.options
    const { memory } = rings[ring.id] as HeldRing
    const kept = inherit[ring.id]
    const consumer = (kept === undefined ? undefined : RingConsumer.takeOver(memory, kept)) ?? RingConsumer.attach(memory)
    const drops = this.options.drops(`ring/${ring.pipeline}:${ring.side}`, ring.pipeline)
    const lend = ringLends(plan, thread, find, ring.pipeline, ring.side)
    const entry = graph.entry(ring.pipeline, ring.side)
    if (entry === undefined) throw new Error(`thread ${thread} has no entry for ${ring.pipeline}:${ring.side}`)
    const outlet = new Outlet(entry, true)
    outlet.aim(entry, lend)
    const pump = new RingPump(ring.id, consumer, outlet, {
      batchSize: plan.service.batchSize,
      lend,
      parallel: this.#parallel(ring),
      clock,
      policy: localRetryPolicy,
      pressure: this.options.pressure,
      logger,
      onDrop: (reason, rows) => drops.add(reason, rows)
    })
    return { ring, layer: this.#isToProcess(ring) ? 'processors' : 'exporters', pump, outlet }
  }

  #isToProcess (ring: RingPlan): boolean { return ring.side === 'in' && this.options.plan.pipelines.some(p => p.id === ring.pipeline && p.hasProcess) }

  #parallel (ring: RingPlan): number { return this.#isToProcess(ring) ? 1 : parallelOf(this.options.plan, this.options.find, ring.pipeline) }
}
