/** What the processor says about itself: sums as counters. */
import type { Meter } from '../../core/telemetry/meter.js'
import { absurdTimes, objectsFed, signsSeen, symptomsHeld, symptomsRefused, waitingHeld } from './metrics.js'
import type { LateBinding } from './late-binding.js'
import type { WalkParts } from './walk.js'

export class Reports {
  readonly #sums: Record<string, number> = {}

  constructor (readonly meter: Meter, readonly parts: WalkParts, readonly late: LateBinding) {}

  count (): void {
    const { engine, feed, sightings } = this.parts
    this.meter.gauge(symptomsHeld).set(engine.symptoms.size)
    this.meter.gauge(waitingHeld).set(this.late.size)
    for (const [layer, sum] of Object.entries(sightings.counts)) this.#since(layer, sum, n => { this.meter.counter(signsSeen, { layer }).add(n) })
    this.#since('refused', engine.symptoms.refused, n => { this.meter.counter(symptomsRefused).add(n) })
    this.#since('fed', feed.updates, n => { this.meter.counter(objectsFed, { outcome: 'fed' }).add(n) })
    this.#since('malformed', feed.malformed, n => { this.meter.counter(objectsFed, { outcome: 'malformed' }).add(n) })
    this.#since('absurd', engine.absurdTimes, n => { this.meter.counter(absurdTimes).add(n) })
  }

  #since (what: string, sum: number, add: (n: number) => void): void {
    const since = sum - (this.#sums[what] ?? 0)
    if (since > 0) add(since)
    this.#sums[what] = sum
  }
}
