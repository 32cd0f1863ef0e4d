/**
 * The tapio exporter: each batch goes to the server as one msgpack document, and its outcome is what the server's exporters said.
 * A batch larger than the server takes goes in halves, one after the other.
 */
import { hostname } from 'node:os'
import type { Component, Consumer, Deadline } from '../../core/component/component.js'
import { accepted, refused, rejected, retry, type Outcome, type Rejected } from '../../core/component/outcome.js'
import type { Services } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { prepareBatch } from '../../core/data/codec.js'
import { aborted } from '../../core/delivery/in-flight.js'
import { Lanes } from '../../core/delivery/lanes.js'
import { mergeRejections } from '../../core/delivery/rows.js'
import { Credentials } from '../../core/net/credentials.js'
import { encodeBatchMessage, maxIdLength, type Ack } from '../../core/wire/messages.js'
import type { Config } from './config.js'
import { Link, type Limits } from './link.js'
import { Reports } from './reports.js'

/** What a batch met: an outcome, or that it is too large. */
type Met = Outcome | { readonly status: 'too_large' }

export class TapioExporter implements Component, Consumer {
  readonly #services: Services
  readonly #credentials: Credentials
  readonly #lanes: Lanes
  readonly #link: Link
  readonly #reports: Reports
  #stopping = false

  constructor (services: Services) {
    this.#services = services
    const config = services.get('config') as Config
    const [clock, logger] = [services.get('clock'), services.get('logger')]
    this.#lanes = new Lanes(config.max_unacknowledged)
    this.#reports = new Reports(services.get('meter'), logger, clock)
    this.#credentials = new Credentials(config, clock, logger)
    const collector = config.collector_id ?? `${hostname()}/${services.get('id').text}`.slice(0, maxIdLength)
    this.#link = new Link({ config, collector, credentials: this.#credentials, clock, status: services.get('status'), reports: this.#reports })
  }

  start (): void { this.#credentials.open() }

  async consume (batch: EventBatch): Promise<Outcome> {
    if (this.#stopping) return refused('shutting down')
    if (batch.count === 0) return accepted
    const outcome = await this.#deliver(batch)
    this.#reports.done(outcome)
    return outcome
  }

  /** What is on its way may be acknowledged until the deadline; the rest goes back to its senders. */
  async stop (deadline: Deadline): Promise<void> {
    this.#stopping = true
    const over = aborted(deadline.signal)
    await Promise.race([this.#lanes.idle(), over.promise])
    over.cancel()
    this.#link.close()
    await this.#lanes.idle()
    this.#credentials.close()
    this.#reports.end()
  }

  async #deliver (batch: EventBatch): Promise<Outcome> {
    const met = await this.#lanes.run(() => this.#send(batch))
    return met.status === 'too_large' ? this.#deliverHalves(batch) : met
  }

  /** Some of a batch that is taken cannot be handed back: a retry of the second half is the whole's, and ids tell the first apart. */
  async #deliverHalves (batch: EventBatch): Promise<Outcome> {
    const middle = batch.count >>> 1
    const first = await this.#deliver(batch.slice(0, middle))
    if (first.status === 'retry' || first.status === 'refused') return first
    const second = await this.#deliver(batch.slice(middle))
    if (second.status !== 'rejected') return second.status === 'accepted' ? first : second
    const shifted = second.rows === undefined ? second : rejected(second.reason, second.count, second.rows.map(row => row + middle))
    return mergeRejections([...(first.status === 'rejected' ? [first] : []), shifted as Rejected])
  }

  async #send (batch: EventBatch): Promise<Met> {
    for (;;) {
      const limits = await this.#link.limits()
      if (limits === undefined) return retry('the server cannot be reached')
      const document = fits(batch, limits)
      if (document === undefined) return batch.count > 1 ? { status: 'too_large' } : this.#tooLarge(limits)
      const answer = await this.#link.send(document, batch.count)
      if (answer.kind === 'ack') return outcomeOf(answer, batch.count)
      if (answer.kind === 'gave_up') return retry(answer.reason)
    }
  }

  #tooLarge ({ maxBytes }: Limits): Outcome {
    this.#services.get('drops').add('record_too_large', 1)
    return rejected(`one event is larger than the ${maxBytes} bytes that the server takes; raise max_batch_size on both sides`, 1)
  }
}

/** The message, unless the batch must be cut. */
function fits (batch: EventBatch, { maxBytes, maxRows }: Limits): Buffer | undefined {
  if (batch.count > maxRows) return undefined
  const document = prepareBatch(batch, true)
  return document.byteLength > maxBytes ? undefined : encodeBatchMessage(0, document)
}

function outcomeOf ({ count, reason, rows }: Ack, batchRows: number): Outcome {
  if (count === 0) return accepted
  const sound = rows !== undefined && rows.length === count && rows.every((row, i) => row < batchRows && (i === 0 || row > (rows[i - 1] as number)))
  return rejected(reason, Math.min(count, batchRows), sound ? rows : undefined)
}
