/**
 * The otlp exporter: frames a batch into requests (one a signal and endpoint), sends them, and tells what became of the rows.
 *
 * A request that is too large becomes two; one whose endpoint fails may become others. When some of a batch's requests are
 * done and others must be retried by its sender, the answer is `retry` for the whole, and what is done is remembered with
 * the batch: sent again, only the rest goes out. A copy of it (decoded anew on the far side of a ring) has no such memory,
 * and its taken parts go out twice: at least once.
 */
import type { Component, Consumer, Deadline } from '../../core/component/component.js'
import { accepted, refused, rejected, retry, type Outcome } from '../../core/component/outcome.js'
import type { Services } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { RetryPolicy } from '../../core/delivery/backoff.js'
import { insist } from '../../core/delivery/insist.js'
import { Lanes } from '../../core/delivery/lanes.js'
import { retryPolicyOf } from '../../core/delivery/retry-on-failure.js'
import { mergeRejections } from '../../core/delivery/rows.js'
import { halveRequest } from '../../core/otlp/split.js'
import type { FramedRequest } from '../../core/otlp/writer.js'
import { Backends, type Addressed } from './backends.js'
import type { Config } from './config.js'
import { Credentials } from '../../core/net/credentials.js'
import { Reports } from './reports.js'
import type { Sent } from './sender.js'

/** A request with what became of it: done, or replaced by others. */
interface Parcel extends Addressed { done?: Outcome, parts?: readonly Parcel[] }

/** What one request met: an outcome, or that it must become others first. */
type Met = Outcome | { readonly status: 'too_large', readonly reason: string } | { readonly status: 'elsewhere', readonly reason: string }

export class OtlpExporter implements Component, Consumer {
  readonly #services: Services
  readonly #config: Config
  readonly #credentials: Credentials
  readonly #backends: Backends
  readonly #lanes: Lanes
  readonly #policy: RetryPolicy | undefined
  readonly #reports: Reports
  readonly #parcels = new WeakMap<EventBatch, readonly Parcel[]>()
  readonly #abort = new AbortController()
  #stopping = false

  constructor (services: Services) {
    this.#services = services
    this.#config = services.get('config') as Config
    this.#lanes = new Lanes(this.#config.max_concurrent_requests)
    this.#policy = retryPolicyOf(this.#config.retry_on_failure)
    this.#reports = new Reports(services.get('meter'))
    this.#credentials = new Credentials(this.#config, services.get('clock'), services.get('logger'))
    this.#backends = new Backends(this.#config, this.#credentials, services)
  }

  start (): void { this.#credentials.open() }

  async consume (batch: EventBatch): Promise<Outcome> {
    if (this.#stopping) return refused('shutting down')
    if (batch.count === 0) return accepted
    const parcels: readonly Parcel[] = this.#parcels.get(batch) ?? this.#backends.address(batch)
    const outcome = await this.#deliverAll(batch, parcels)
    if (outcome.status === 'retry') this.#parcels.set(batch, parcels)
    else this.#parcels.delete(batch)
    return outcome
  }

  /** What is under way may finish until the deadline; what still waits then goes back to whoever sent it. */
  async stop (deadline: Deadline): Promise<void> {
    this.#stopping = true
    const abort = (): void => this.#abort.abort()
    if (deadline.signal.aborted) abort()
    else deadline.signal.addEventListener('abort', abort, { once: true })
    await this.#lanes.idle()
    deadline.signal.removeEventListener('abort', abort)
    this.#backends.close()
    this.#credentials.close()
  }

  async #deliverAll (batch: EventBatch, parcels: readonly Parcel[]): Promise<Outcome> {
    return summarise(await Promise.all(parcels.map(parcel => this.#deliver(batch, parcel))))
  }

  async #deliver (batch: EventBatch, parcel: Parcel): Promise<Outcome> {
    if (parcel.done !== undefined) return parcel.done
    if (parcel.parts === undefined && parcel.request.byteLength > this.#config.max_request_bytes) halve(batch, parcel)
    if (parcel.parts === undefined) {
      const met = await this.#lanes.run(() => this.#insist(parcel))
      if (met.status === 'too_large') halve(batch, parcel)
      else if (met.status === 'elsewhere') parcel.parts = this.#backends.address(batch, parcel.request.rows)
      else return met.status === 'retry' ? met : (parcel.done = met)
    }
    return this.#deliverAll(batch, parcel.parts ?? [])
  }

  /** Sends until the fate of the request is known. */
  async #insist (parcel: Parcel): Promise<Met> {
    const policy = this.#policy
    const { signal } = this.#abort
    if (policy === undefined || signal.aborted) return this.#send(parcel)
    const met = await insist<Met>(() => this.#send(parcel), { policy, clock: this.#services.get('clock'), signal })
    if (met.status !== 'gave_up') return met
    if (met.why === 'aborted') return retry(met.reason)
    const { rows } = parcel.request
    this.#services.get('drops').add('retries_exhausted', rows.length)
    return rejected(`retries exhausted: ${met.reason}`, rows.length, rows)
  }

  async #send ({ backend, request }: Parcel): Promise<Met> {
    if (this.#abort.signal.aborted) return retry('shutting down')
    const sent = await backend.send(request, this.#abort.signal)
    const splits = sent.status === 'rejected' && sent.tooLarge === true && request.rows.length > 1
    this.#reports.sent(request, sent, splits)
    backend.saw(splits ? reached : sent)
    switch (sent.status) {
      case 'success': return sent.rejectedItems === 0 ? accepted : rejected(sent.message, rowsOf(request, sent.rejectedItems))
      case 'retry': return !backend.usable && this.#backends.canFailOver ? { status: 'elsewhere', reason: sent.message } : retry(sent.message, sent.afterMs)
      case 'rejected': return splits ? { status: 'too_large', reason: sent.message } : rejected(sent.message, request.rows.length, request.rows)
    }
  }
}

/** The way is open, whatever was the matter with the request. */
const reached: Sent = { status: 'success', rejectedItems: 0, message: '' }

function halve (batch: EventBatch, parcel: Parcel): void {
  const halves = halveRequest(batch, parcel.request)
  if (halves !== undefined) parcel.parts = halves.map(request => ({ backend: parcel.backend, request }))
}

/** The other side counts items; a metric row has several, so which rows they were is unknown and their number a bound. */
function rowsOf (request: FramedRequest, items: number): number {
  return items >= request.items ? request.rows.length : Math.min(items, request.rows.length)
}

/** One outcome of several requests. Rows are told when every rejection knows its own. */
function summarise (outcomes: readonly Outcome[]): Outcome {
  const waiting = outcomes.filter(o => o.status === 'retry')
  if (waiting.length > 0) return longest(waiting)
  const rejections = outcomes.filter(o => o.status === 'rejected')
  return rejections.length === 0 ? accepted : mergeRejections(rejections)
}

/** The batch may be sent again when the slowest of the places it goes to may be asked again. */
function longest (retries: readonly Extract<Outcome, { status: 'retry' }>[]): Outcome {
  const afterMs = Math.max(-1, ...retries.map(o => o.afterMs ?? -1))
  const reason = [...new Set(retries.map(o => o.reason))].join('; ')
  return retry(reason, afterMs < 0 ? undefined : afterMs)
}
