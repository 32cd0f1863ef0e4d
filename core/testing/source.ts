/** What feeds a component under test. */
import assert from 'node:assert/strict'
import type { AnyComponent } from '../component/component.js'
import type { Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import type { EventInput } from '../data/builder.js'
import { eventBatch } from './event-batch.js'

/** Checks that the answer to a batch is one. Throws AssertionError. */
export function checkOutcome (outcome: Outcome, batch: EventBatch): void {
  assert.ok(['accepted', 'rejected', 'retry', 'refused'].includes(outcome?.status), `no outcome: ${JSON.stringify(outcome)}`)
  if (outcome.status !== 'rejected') return
  assert.ok(outcome.count > 0 && outcome.count <= batch.count, `${outcome.count} of ${batch.count} rows rejected`)
  if (outcome.rows === undefined) return
  assert.equal(outcome.rows.length, outcome.count)
  outcome.rows.forEach((row, i, rows) => { assert.ok(row < batch.count && (i === 0 || row > (rows[i - 1] as number)), 'rows ascend within the batch') })
}

export class Source {
  readonly #component: AnyComponent

  constructor (component: AnyComponent) { this.#component = component }

  /** One batch of these events; the component's answer. Rejects when the component throws, or answers with no outcome. */
  async send (...inputs: readonly EventInput[]): Promise<Outcome> { return await this.sendBatch(eventBatch(...inputs)) }

  /** The same with a batch as it is. */
  async sendBatch (batch: EventBatch): Promise<Outcome> {
    if (!('consume' in this.#component)) throw new Error('a receiver takes nothing: look at what it brings, in `sink`')
    const outcome = await this.#component.consume(batch)
    checkOutcome(outcome, batch)
    return outcome
  }
}
