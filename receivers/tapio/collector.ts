/**
 * One collector as the server knows it, over all its connections: what it has delivered, by sequence within its epoch and by
 * event id across epochs. Its batches are delivered one after the other: a new connection waits for what the last one left in
 * the pipeline, since a batch that is being delivered cannot be called back.
 */
import type { Clock } from '../../core/component/clock.js'
import type { Consumer } from '../../core/component/component.js'
import { accepted, type Outcome } from '../../core/component/outcome.js'
import type { RemoteCollector } from '../../core/component/questions.js'
import type { EventBatch } from '../../core/data/batch.js'
import { fillFrom } from '../../core/data/ids.js'
import { decodeBatch } from '../../core/data/decode.js'
import { localRetryPolicy } from '../../core/delivery/backoff.js'
import { redeliver } from '../../core/delivery/redeliver.js'
import { inWhole, rowsWhere } from '../../core/delivery/rows.js'
import type { Pressure } from '../../core/pressure/pressure.js'
import { waitForRoom } from '../../core/delivery/wait-for-room.js'
import type { Ack, Batch, Hello } from '../../core/wire/messages.js'
import type { ReceiverMetrics } from './metrics.js'
import { idWords, RecentIds } from './recent-ids.js'
import type { Progress } from './state-file.js'

/** What was rejected of so many batches is told again to a collector that comes back; its window is no larger. */
const keptRejections = 64
/** More than any batch has: all of them. */
const allRows = 0xffffffff
/** Never gives up: the collector keeps the batch, and waits. */
const policy = { ...localRetryPolicy, maxElapsedMs: 0 }

export interface CollectorOptions {
  readonly next: Consumer
  readonly clock: Clock
  readonly metrics: ReceiverMetrics
  readonly remembered: number
  readonly pressure: Pressure
  /** Resolves when what was delivered is written down; rejects when it never will be. */
  readonly record: (progress: Progress, signal: AbortSignal) => Promise<void>
}

/** The batch was not delivered: it must come again, on another connection. */
export interface Undeliverable { readonly kind: 'undeliverable', readonly reason: string }
export interface OutOfOrder { readonly kind: 'out_of_order', readonly reason: string }

export class Collector {
  readonly ids: RecentIds
  epoch = ''
  taken = 0
  /** By the clock of this machine, of what it last sent; 0 = not since the start. */
  #lastSeenMs = 0
  /** Delivered, and rejected by the pipeline, since the start. */
  #events = 0
  #rejected = 0
  /** Ends the connection it is on. */
  supersede: (() => void) | undefined
  #rejections: Ack[] = []
  #line: Promise<unknown> = Promise.resolve()

  constructor (readonly name: string, readonly options: CollectorOptions) {
    this.ids = new RecentIds(options.remembered)
  }

  /** From the state file. */
  restore ({ epoch, taken, ids }: Progress): void {
    this.epoch = epoch
    this.taken = taken
    this.ids.addAll(idWords(ids))
  }

  get remote (): RemoteCollector {
    return { id: this.name, connected: this.supersede !== undefined, lastSeenMs: this.#lastSeenMs, events: this.#events, rejected: this.#rejected }
  }

  get progress (): Progress { return { collector: this.name, epoch: this.epoch, taken: this.taken, ids: this.ids.bytes() } }

  get rejections (): readonly Ack[] { return this.#rejections }

  /** Resolves when nothing of an earlier connection is being delivered any more and `taken` counts for this one. */
  async greet ({ epoch, acked }: Hello): Promise<void> {
    this.#lastSeenMs = this.options.clock.unixMs()
    await this.#line.catch(() => undefined)
    if (epoch !== this.epoch) {
      this.epoch = epoch
      this.taken = 0
      this.#rejections = []
    }
    // A server that has forgotten believes the collector: it has seen the acknowledgement.
    this.taken = Math.max(this.taken, acked)
  }

  /** Never rejects. Aborting `signal` ends the waiting for a pipeline that asks to; what is in it is waited for. */
  take (batch: Batch, signal: AbortSignal): Promise<Ack | Undeliverable | OutOfOrder> {
    const work = this.#line.then(() => this.#take(batch, signal))
    this.#line = work
    return work
  }

  async #take ({ sequence, document }: Batch, signal: AbortSignal): Promise<Ack | Undeliverable | OutOfOrder> {
    const { metrics, clock, pressure } = this.options
    this.#lastSeenMs = clock.unixMs()
    if (signal.aborted) return { kind: 'undeliverable', reason: 'the connection has ended' }
    if (sequence <= this.taken) return this.#rejections.find(r => r.sequence === sequence) ?? { kind: 'ack', sequence, count: 0, reason: '' }
    if (sequence !== this.taken + 1) return { kind: 'out_of_order', reason: `batch ${sequence} came after batch ${this.taken}` }
    // Unread, so that the flow control of the stream holds back what comes after it.
    if (!await waitForRoom(pressure, clock, signal)) return { kind: 'undeliverable', reason: 'the connection has ended' }
    const decoded = decodeBatch(document)
    if (!decoded.ok) {
      metrics.batch('rejected', document.length)
      return this.#done({ kind: 'ack', sequence, count: allRows, reason: `the batch cannot be read: ${decoded.error}` }, new Uint8Array(), signal)
    }
    const { batch } = decoded
    const fresh = this.#unknownRows(batch)
    const rows = fresh === undefined ? batch : batch.filter(fresh)
    metrics.repeated(batch.count - rows.count)
    const outcome = rows.count === 0 ? accepted : await redeliver(this.options.next, rows, { policy, clock, signal })
    if (outcome.status === 'refused') {
      metrics.batch('undeliverable', document.length)
      return { kind: 'undeliverable', reason: outcome.reason }
    }
    const lost = outcome.status === 'rejected' ? Math.min(outcome.count, rows.count) : 0
    this.#rejected += lost
    this.#events += rows.count - lost
    metrics.batch(outcome.status === 'rejected' ? 'rejected' : rows.count === 0 && batch.count > 0 ? 'repeated' : 'accepted', document.length)
    return this.#done(this.#ack(sequence, fresh === undefined ? outcome : inWhole(outcome, () => rowsWhere(fresh, true))), idsOf(rows), signal)
  }

  #ack (sequence: number, outcome: Outcome): Ack {
    if (outcome.status !== 'rejected') return { kind: 'ack', sequence, count: 0, reason: '' }
    const { count, reason, rows } = outcome
    this.options.metrics.rejected(count)
    return { kind: 'ack', sequence, count, reason, ...(rows === undefined ? {} : { rows }) }
  }

  /** Remembers a batch whose outcome is final, first in memory: from here on it is never delivered again by this process. */
  async #done (ack: Ack, ids: Uint8Array, signal: AbortSignal): Promise<Ack | Undeliverable> {
    this.taken = ack.sequence
    this.ids.addAll(idWords(ids))
    if (ack.count > 0) this.#rejections = [...this.#rejections, ack].slice(-keptRejections)
    try {
      await this.options.record({ collector: this.name, epoch: this.epoch, taken: this.taken, ids }, signal)
      return ack
    } catch (error) {
      return { kind: 'undeliverable', reason: `it cannot be written down: ${(error as Error).message}` }
    }
  }

  /** A mask of the rows that were not delivered before; undefined when that is all. */
  #unknownRows (batch: EventBatch): Uint8Array | undefined {
    const words = idWords(idsOf(batch))
    const mask = new Uint8Array(batch.count)
    let known = 0
    for (let row = 0; row < batch.count; row++) {
      if (row * 4 < words.length && this.ids.has(words, row)) known++
      else mask[row] = 1
    }
    return known === 0 ? undefined : mask
  }
}

/** The id column, without reading records that nobody has read: theirs follow by counting. */
function idsOf (batch: EventBatch): Uint8Array {
  const { unread } = batch
  if (unread === undefined) return batch.columns.id ?? new Uint8Array()
  const ids = new Uint8Array(batch.count * 16)
  let row = 0
  for (const request of unread.requests) fillFrom(request.firstId, ids, row, row += request.rows)
  return ids
}
