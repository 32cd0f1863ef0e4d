import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Processor } from '../../core/component/component.js'
import { accepted, refused, retry, type Outcome } from '../../core/component/outcome.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { concat } from '../../core/data/concat.js'
import { keep } from '../../core/data/keep.js'
import { localRetryPolicy } from '../../core/delivery/backoff.js'
import { aborted } from '../../core/delivery/in-flight.js'
import { redeliver } from '../../core/delivery/redeliver.js'
import { roomUnder, type Pressure } from '../../core/pressure/pressure.js'
import type { BatchConfig } from './config.js'
import { Group, groupKey, type Trigger } from './group.js'
import { Ledger } from './ledger.js'
import { cut, outcomeOf, type Arrival, type Parcel } from './parcel.js'
import { Reports } from './reports.js'
import { BlockPool } from './shelf.js'

@injectable()
export class BatchProcessor implements Processor {
  readonly #groups = new Map<string, Group>()
  readonly #ledger: Ledger
  readonly #pool: BlockPool
  readonly #abort = new AbortController()
  #stopped = false

  constructor (
    @inject(Tokens.config) readonly config: BatchConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Reports) readonly reports: Reports,
    @inject(Tokens.nextBorrows) nextBorrows: boolean,
    @inject(Tokens.pressure) readonly pressure: Pressure
  ) {
    this.#pool = new BlockPool(nextBorrows)
    this.#ledger = new Ledger(config.max_pending_rows)
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (this.#stopped) return refused('stopped')
    if (batch.count === 0) return accepted
    const bytes = batch.byteLength
    if (!this.#ledger.fits(batch.count, bytes, roomUnder(this.pressure, this.config.max_pending_bytes))) return retry(`the batch processor holds ${this.#ledger.rows} rows`, this.config.timeout || 50)
    if (this.config.wait_for_result) return new Promise(tell => { this.#take(batch, { rows: batch.count, bytes, tell }) })
    this.#take(batch, { rows: batch.count, bytes })
    return accepted
  }

  async stop (deadline: Deadline): Promise<void> {
    this.#stopped = true
    for (const group of this.#groups.values()) group.flush('stop')
    const over = aborted(deadline.signal)
    await Promise.race([Promise.all(Array.from(this.#groups.values(), g => g.settled())), over.promise])
    over.cancel()
    this.#abort.abort()
    for (const { arrival, rows } of this.#ledger.rest()) this.#giveUp(arrival, rows, 'shutdown')
    this.reports.pending(this.#ledger.rows)
    this.reports.end()
  }

  #take (batch: EventBatch, arrival: Arrival): void {
    this.#ledger.hold(arrival)
    this.reports.pending(this.#ledger.rows)
    const group = this.#group(groupKey(batch))
    let from = 0
    const { send_batch_max_size: maxRows } = this.config
    // Pieces of one batch share its bytes, and may leave in different parcels: they are copied once, for all.
    const own = maxRows > 0 && batch.count > maxRows && arrival.tell === undefined ? keep(batch, bytes => new Uint8Array(bytes)) : batch
    for (const piece of cut(own, maxRows)) {
      group.add(piece, arrival, from)
      from += piece.count
    }
  }

  #group (key: string): Group {
    let group = this.#groups.get(key)
    if (group === undefined) {
      const { send_batch_size: sendRows, send_batch_max_size: maxRows, timeout: timeoutMs, max_concurrent_sends: parallel } = this.config
      group = new Group({ clock: this.clock, pool: this.#pool, sendRows, maxRows, timeoutMs, parallel, hurry: () => this.pressure.atLeast('shrink'), deliver: (parcel, trigger) => this.#deliver(parcel, trigger) })
      this.#groups.set(key, group)
    }
    return group
  }

  async #deliver (parcel: Parcel, trigger: Trigger): Promise<void> {
    if (this.#abort.signal.aborted) return
    this.reports.sent(parcel.rows, trigger)
    const outcome = await this.#send(parcel)
    this.#pool.give(parcel.blocks)
    let at = 0
    for (const share of parcel.shares) {
      this.#settle(share.arrival, share.rows, outcomeOf(share, at, outcome))
      at += share.rows
    }
    this.reports.outcome(outcome)
    this.reports.pending(this.#ledger.rows)
  }

  async #send (parcel: Parcel): Promise<Exclude<Outcome, { status: 'retry' }>> {
    try {
      return await redeliver(this.next, concat(parcel.batches.splice(0)), {
        policy: { ...localRetryPolicy, maxElapsedMs: this.config.retry_max_elapsed },
        clock: this.clock,
        signal: this.#abort.signal,
        onRetry: reason => { this.reports.retrying(reason) }
      })
    } catch (error) {
      // A bug further on; the line must go on with the next parcel.
      return refused(`component error: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #settle (arrival: Arrival, rows: number, outcome: Outcome): void {
    if (outcome.status === 'refused') this.#giveUp(arrival, rows, outcome.reason)
    else this.#ledger.settle(arrival, rows, outcome)
  }

  /** Rows whose sender waits are handed back to it; others end here, counted. */
  #giveUp (arrival: Arrival, rows: number, reason: string): void {
    const held = this.#ledger.settle(arrival, rows, refused(reason))
    if (held && arrival.tell === undefined) this.reports.lost(rows, reason)
  }
}
