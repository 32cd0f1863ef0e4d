/** One counter split by reason, with the instruments kept by reason so that counting finds them in a map. */
import type { Counter, Meter, MetricAttributes, MetricDeclaration } from './meter.js'

/** Reasons are declared words; beyond this many someone is putting data into them, and the rest counts as `other`. */
const maxReasons = 64

export class ReasonCounters {
  readonly #byReason = new Map<string, Counter>()
  readonly #make: (reason: string) => Counter

  constructor (meter: Meter, declaration: MetricDeclaration, attributes: MetricAttributes = {}) {
    this.#make = reason => meter.counter(declaration, { ...attributes, reason })
  }

  add (reason: string, n: number): void {
    const known = this.#byReason.get(reason)
    if (known !== undefined) known.add(n)
    else this.#fresh(reason).add(n)
  }

  #fresh (reason: string): Counter {
    const name = this.#byReason.size < maxReasons ? reason : 'other'
    const counter = this.#byReason.get(name) ?? this.#make(name)
    this.#byReason.set(name, counter)
    return counter
  }
}
