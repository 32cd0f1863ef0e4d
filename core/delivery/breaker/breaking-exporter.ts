/**
 * An exporter behind a circuit breaker. What counts is whether the other side can be reached: `accepted` and `rejected` are answers of
 * somebody who works, `retry` and `refused` are not.
 */
import type { AnyComponent, Component, Consumer, Deadline, Host } from '../../component/component.js'
import type { Answerer } from '../../component/questions.js'
import { retry, type Outcome } from '../../component/outcome.js'
import type { Services } from '../../component/services.js'
import type { EventBatch } from '../../data/batch.js'
import { CircuitBreaker, type BreakerState, type Permit } from './circuit-breaker.js'
import { breakerChanges, breakerState, breakerTurnedAway, rulesOf, type CircuitBreakerConfig } from './options.js'

const numbers: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 }

export class BreakingExporter implements Component, Consumer {
  readonly #breaker: CircuitBreaker

  constructor (readonly inner: AnyComponent & Consumer, readonly services: Services) {
    const { circuit_breaker } = services.get('config') as { readonly circuit_breaker: CircuitBreakerConfig }
    services.get('meter').gauge(breakerState).set(numbers.closed)
    this.#breaker = new CircuitBreaker(rulesOf(circuit_breaker), services.get('clock'), (to, why) => { this.#changed(to, why) })
  }

  /** Questions are the exporter's own. */
  get answer (): Answerer { return this.inner.answer as Answerer }

  async start (host: Host): Promise<void> { await this.inner.start?.(host) }

  async stop (deadline: Deadline): Promise<void> { await this.inner.stop?.(deadline) }

  async consume (batch: EventBatch): Promise<Outcome> {
    const permit = this.#breaker.enter()
    if (typeof permit === 'number') {
      this.services.get('meter').counter(breakerTurnedAway).add(batch.count)
      return retry('the circuit breaker is open: the other side failed', permit)
    }
    return this.#call(batch, permit)
  }

  async #call (batch: EventBatch, permit: Permit): Promise<Outcome> {
    let works = false
    try {
      const outcome = await this.inner.consume(batch)
      works = outcome.status === 'accepted' || outcome.status === 'rejected'
      return outcome
    } finally {
      permit.end(works)
    }
  }

  #changed (to: BreakerState, why: string): void {
    const meter = this.services.get('meter')
    meter.gauge(breakerState).set(numbers[to])
    meter.counter(breakerChanges, { to }).add(1)
    this.services.get('logger')[to === 'open' ? 'warn' : 'info'](`circuit breaker: ${to.replace('_', '-')}`, { why })
    if (to === 'open') this.services.get('status').recoverableError(`the circuit breaker is open: ${why}`)
    else if (to === 'half_open') this.services.get('status').degraded('the circuit breaker is half-open: a few batches find out whether the other side works again')
    else this.services.get('status').ok()
  }
}
