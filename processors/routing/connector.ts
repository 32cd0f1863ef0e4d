import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Connector, Consumer, Deadline } from '../../core/component/component.js'
import { accepted, refused, type Outcome } from '../../core/component/outcome.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { InFlight } from '../../core/delivery/in-flight.js'
import { deliverParts, lossesAs, type Part } from '../../core/delivery/parts.js'
import { rowsWhere } from '../../core/delivery/rows.js'
import { Conditions } from '../../core/match/conditions.js'
import type { RoutingConfig } from './config.js'

interface Route { readonly when: Conditions, readonly consumers: readonly Consumer[] }

@injectable()
export class RoutingConnector implements Connector {
  readonly #routes: readonly Route[]
  readonly #default: readonly Consumer[]
  readonly #inFlight = new InFlight()

  constructor (
    @inject(Tokens.config) config: RoutingConfig,
    @inject(Tokens.outputs) outputs: ReadonlyMap<string, Consumer>,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.drops) readonly drops: Drops
  ) {
    const named = (names: readonly string[]): Consumer[] => names.map(name => {
      const consumer = outputs.get(name)
      if (consumer === undefined) throw new Error(`pipeline "${name}" does not begin with this connector; those that do: ${[...outputs.keys()].join(', ') || 'none'}`)
      return consumer
    })
    this.#routes = config.table.map(entry => ({ when: new Conditions(entry.when), consumers: named(entry.pipelines) }))
    this.#default = named(config.default_pipelines ?? [])
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (this.#inFlight.closed) return refused('stopped')
    if (batch.count === 0) return accepted
    const { parts, unrouted } = this.#split(batch)
    const options = { clock: this.clock, onLoss: lossesAs(this.drops), signal: this.#inFlight.signal }
    const outcome = parts.length === 0 ? accepted : deliverParts(parts, options)
    return this.#inFlight.track(outcome instanceof Promise ? outcome.then(o => this.#count(o, unrouted)) : this.#count(outcome, unrouted))
  }

  stop (deadline: Deadline): Promise<void> {
    return this.#inFlight.close(deadline)
  }

  /** Only what a first answer leaves here is dropped: on `retry` the sender brings the same rows again. */
  #count (outcome: Outcome, unrouted: number): Outcome {
    const taken = outcome.status === 'accepted' || outcome.status === 'rejected'
    if (taken && unrouted > 0) this.drops.add('unrouted', unrouted)
    return outcome
  }

  #split (batch: EventBatch): { parts: Part[], unrouted: number } {
    const left = new Uint8Array(batch.count).fill(1)
    const parts: Part[] = []
    for (const { when, consumers } of this.#routes) {
      const mask = when.match(batch)
      for (let row = 0; row < mask.length; row++) {
        mask[row] = (mask[row] as number) & (left[row] as number)
        left[row] = (left[row] as number) ^ (mask[row] as number)
      }
      addParts(parts, batch, mask, consumers)
    }
    const unrouted = rowsWhere(left, true).length
    if (this.#default.length === 0) return { parts, unrouted }
    addParts(parts, batch, left, this.#default)
    return { parts, unrouted: 0 }
  }
}

function addParts (parts: Part[], batch: EventBatch, mask: Uint8Array, consumers: readonly Consumer[]): void {
  const rows = rowsWhere(mask, true)
  if (rows.length === 0) return
  const part = rows.length === batch.count ? { batch } : { batch: batch.select(rows), rows }
  for (const consumer of consumers) parts.push({ ...part, consumer })
}
