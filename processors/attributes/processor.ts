import { inject, injectable } from 'tsyringe'
import type { Consumer, Processor } from '../../core/component/component.js'
import type { Outcome } from '../../core/component/outcome.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { AttributesConfig } from './config.js'
import { recordEdit, type BatchEdit } from './record.js'
import { resourceEdit } from './resource.js'

@injectable()
export class AttributesProcessor implements Processor {
  readonly #edits: readonly BatchEdit[]

  constructor (@inject(Tokens.config) config: AttributesConfig, @inject(Tokens.next) readonly next: Consumer) {
    this.#edits = config.actions.map(action => action.scope === 'resource' ? resourceEdit(action) : recordEdit(action))
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    let edited = batch
    if (batch.count > 0) for (const edit of this.#edits) edited = edit(edited)
    return this.next.consume(edited)
  }
}
