import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Connector, Consumer, Deadline } from '../../core/component/component.js'
import { accepted, refused, type Outcome } from '../../core/component/outcome.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { InFlight } from '../../core/delivery/in-flight.js'
import { deliverParts, lossesAs } from '../../core/delivery/parts.js'

@injectable()
export class ForwardConnector implements Connector {
  readonly #inFlight = new InFlight()

  constructor (
    @inject(Tokens.outputs) readonly outputs: ReadonlyMap<string, Consumer>,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.drops) readonly drops: Drops
  ) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (this.#inFlight.closed) return refused('stopped')
    if (batch.count === 0) return accepted
    const parts = Array.from(this.outputs.values(), consumer => ({ consumer, batch }))
    return this.#inFlight.track(deliverParts(parts, { clock: this.clock, onLoss: lossesAs(this.drops), signal: this.#inFlight.signal }))
  }

  stop (deadline: Deadline): Promise<void> {
    return this.#inFlight.close(deadline)
  }
}
