/**
 * The otlp exporter: frames a batch into requests (one a signal), sends them, and tells what became of the rows.
 *
 * A batch of several signals may be taken in part when one request must be retried. The answer is then `retry` for the
 * whole batch, and the parts that were taken are remembered with it: sent again, the same batch sends only the rest. A copy
 * of the batch (decoded anew on the far side of a ring) has no such memory, and its taken parts go out twice: at least once.
 */
import type { Clock } from '../../core/component/clock.js'
import type { Component, Consumer, Deadline } from '../../core/component/component.js'
import { accepted, refused, rejected, retry, type Outcome } from '../../core/component/outcome.js'
import type { Services } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { RetryPolicy } from '../../core/delivery/backoff.js'
import { insist } from '../../core/delivery/insist.js'
import { retryPolicyOf } from '../../core/delivery/retry-on-failure.js'
import { frameExportRequests, type FramedRequest } from '../../core/otlp/writer.js'
import type { Config } from './config.js'
import { Credentials } from './credentials.js'
import { GrpcSender } from './grpc-sender.js'
import { HttpSender } from './http-sender.js'
import { Health } from './health.js'
import { Lanes } from './lanes.js'
import { rejectedItems, requests, sentBytes, sentItems } from './metrics.js'
import type { Sender, SenderOptions, Sent } from './sender.js'

/** Requests of one batch with what became of those that are done. */
interface Progress { readonly requests: readonly FramedRequest[], readonly done: (Outcome | undefined)[] }

export class OtlpExporter implements Component, Consumer {
  readonly #services: Services
  readonly #sender: Sender
  readonly #credentials: Credentials
  readonly #lanes: Lanes
  readonly #health: Health
  readonly #policy: RetryPolicy | undefined
  readonly #progress = new WeakMap<EventBatch, Progress>()
  readonly #abort = new AbortController()
  #stopping = false

  constructor (services: Services) {
    this.#services = services
    const config = services.get('config') as Config
    this.#lanes = new Lanes(config.max_concurrent_requests)
    this.#health = new Health(services.get('status'), services.get('logger'), services.get('clock'))
    this.#policy = retryPolicyOf(config.retry_on_failure)
    this.#credentials = new Credentials(config, services.get('clock'), services.get('logger'))
    this.#sender = createSender(config, this.#credentials, services.get('clock'))
  }

  start (): void { this.#credentials.open() }

  async consume (batch: EventBatch): Promise<Outcome> {
    if (this.#stopping) return refused('shutting down')
    if (batch.count === 0) return accepted
    const progress = this.#progress.get(batch) ?? start(batch)
    const outcomes = await Promise.all(progress.requests.map((request, i) => progress.done[i] ?? this.#lanes.run(() => this.#deliver(request))))
    outcomes.forEach((outcome, i) => { if (outcome.status !== 'retry') progress.done[i] = outcome })
    const waiting = outcomes.find(o => o.status === 'retry')
    if (waiting === undefined) {
      this.#progress.delete(batch)
      return summarise(outcomes)
    }
    this.#progress.set(batch, progress)
    return longest(outcomes)
  }

  /** What is under way may finish until the deadline; the rest of its time goes to nobody, since nothing is held here. */
  async stop (deadline: Deadline): Promise<void> {
    this.#stopping = true
    const abort = (): void => this.#abort.abort()
    if (deadline.signal.aborted) abort()
    else deadline.signal.addEventListener('abort', abort, { once: true })
    await this.#lanes.idle()
    deadline.signal.removeEventListener('abort', abort)
    this.#sender.close()
    this.#credentials.close()
  }

  /** Sends until the fate of the request is known. What shutting down finds waiting goes back to whoever sent it. */
  async #deliver (request: FramedRequest): Promise<Outcome> {
    const policy = this.#policy
    if (policy === undefined) return this.#send(request)
    const { signal } = this.#abort
    const outcome = await insist<Outcome>(() => this.#send(request), { policy, clock: this.#services.get('clock'), signal })
    if (outcome.status !== 'gave_up') return outcome
    if (outcome.why === 'aborted') return retry(outcome.reason)
    this.#services.get('drops').add('retries_exhausted', request.rows.length)
    return rejected(`retries exhausted: ${outcome.reason}`, request.rows.length, request.rows)
  }

  async #send (request: FramedRequest): Promise<Outcome> {
    const sent = await this.#sender.send(request, this.#abort.signal)
    this.#count(request, sent)
    this.#health.saw(sent)
    switch (sent.status) {
      case 'success': return sent.rejectedItems === 0 ? accepted : rejected(sent.message, rowsOf(request, sent.rejectedItems))
      case 'retry': return retry(sent.message, sent.afterMs)
      case 'rejected': return rejected(sent.message, request.rows.length, request.rows)
    }
  }

  #count (request: FramedRequest, sent: Sent): void {
    const meter = this.#services.get('meter')
    const { signal, items } = request
    const refusedItems = sent.status === 'success' ? Math.min(items, sent.rejectedItems) : sent.status === 'rejected' ? items : 0
    const outcome = sent.status === 'success' ? refusedItems === 0 ? 'accepted' : 'partial' : sent.status
    meter.counter(requests, { signal, outcome }).add(1)
    meter.counter(sentBytes, { signal }).add(request.byteLength)
    if (sent.status === 'success') meter.counter(sentItems, { signal }).add(items - refusedItems)
    if (refusedItems > 0) meter.counter(rejectedItems, { signal }).add(refusedItems)
  }
}

function createSender (config: Config, credentials: Credentials, clock: Clock): Sender {
  const { endpoint, headers, protocol, timeout: timeoutMs, max_concurrent_requests: maxSockets, connections, keepalive } = config
  const options: SenderOptions = { endpoint, headers, compression: config.compression, timeoutMs, insecure: config.tls.insecure, credentials }
  if (protocol !== 'grpc') return new HttpSender(options, protocol === 'http/json', maxSockets)
  return new GrpcSender({
    ...options,
    connections,
    keepalive: { timeMs: keepalive.time, timeoutMs: keepalive.timeout, permitWithoutStream: keepalive.permit_without_stream },
    clock
  })
}

function start (batch: EventBatch): Progress {
  const framed = frameExportRequests(batch)
  return { requests: framed, done: framed.map(() => undefined) }
}

/** The other side counts items; a metric row has several, so which rows they were is unknown and their number a bound. */
function rowsOf (request: FramedRequest, items: number): number {
  return items >= request.items ? request.rows.length : Math.min(items, request.rows.length)
}

/** One outcome of several requests that are all done. Rows are told when every rejection knows its own. */
function summarise (outcomes: readonly Outcome[]): Outcome {
  const rejections = outcomes.filter(o => o.status === 'rejected')
  if (rejections.length === 0) return accepted
  const count = rejections.reduce((n, o) => n + o.count, 0)
  const reason = [...new Set(rejections.map(o => o.reason))].join('; ')
  if (rejections.some(o => o.rows === undefined)) return rejected(reason, count)
  return rejected(reason, count, Uint32Array.from(rejections.flatMap(o => [...(o.rows ?? [])])).sort())
}

/** The batch may be sent again when the slowest of the places it goes to may be asked again. */
function longest (outcomes: readonly Outcome[]): Outcome {
  const retries = outcomes.filter(o => o.status === 'retry')
  const afterMs = Math.max(-1, ...retries.map(o => o.afterMs ?? -1))
  const reason = [...new Set(retries.map(o => o.reason))].join('; ')
  return retry(reason, afterMs < 0 ? undefined : afterMs)
}
