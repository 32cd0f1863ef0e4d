import { inject, injectable } from 'tsyringe'
import type { Consumer, Processor } from '../../core/component/component.js'
import type { Outcome } from '../../core/component/outcome.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'

@injectable()
export class NoopProcessor implements Processor {
  constructor (@inject(Tokens.next) readonly next: Consumer) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    return this.next.consume(batch)
  }
}
