import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Processor } from '../../core/component/component.js'
import { accepted, retry, type Outcome } from '../../core/component/outcome.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { inWhole, rowsWhere } from '../../core/delivery/rows.js'
import { Conditions } from '../../core/match/conditions.js'
import type { Counter, Gauge, Meter } from '../../core/telemetry/meter.js'
import { Buckets, type Allowance, type Amount } from './buckets.js'
import type { RateLimiterConfig } from './config.js'
import { KeyFields } from './keys.js'
import { exempted, keysForgotten, keysHeld, turnedBack } from './metrics.js'

/** The rows of one key in a batch. */
interface Share { readonly key: string, readonly allowance: Allowance, readonly amount: Amount }

/** What a batch asks for. */
interface Demand {
  readonly shares: readonly Share[]
  /** Per row: which of `shares`; undefined = the first. */
  readonly of: Uint32Array | undefined
  /** Per row: 1 = passes uncounted. */
  readonly free: Uint8Array | undefined
}

@injectable()
export class RateLimiterProcessor implements Processor {
  readonly #fields: KeyFields
  readonly #exempt: Conditions
  readonly #buckets: Buckets
  readonly #turnedBack: Counter
  readonly #exempted: Counter
  readonly #keys: Gauge
  readonly #forgotten: Counter
  #toldForgotten = 0

  constructor (
    @inject(Tokens.config) readonly config: RateLimiterConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.drops) readonly drops: Drops,
    @inject(Tokens.meter) meter: Meter
  ) {
    const { rate, burst, bytes_rate: bytesRate, bytes_burst: bytesBurst, max_keys: maxKeys } = config
    this.#fields = new KeyFields(config.key)
    this.#exempt = new Conditions(config.exempt)
    this.#buckets = new Buckets({
      events: rate === 0 ? undefined : { perSecond: rate, burst: burst ?? Math.max(1, rate) },
      bytes: bytesRate === 0 ? undefined : { perSecond: bytesRate, burst: bytesBurst ?? bytesRate }
    }, maxKeys)
    this.#turnedBack = meter.counter(turnedBack)
    this.#exempted = meter.counter(exempted)
    this.#keys = meter.gauge(keysHeld)
    this.#forgotten = meter.counter(keysForgotten)
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (batch.count === 0) return this.next.consume(batch)
    const nowMs = this.clock.monotonicMs()
    const demand = this.#demand(batch, nowMs)
    if (demand.shares.every(s => s.allowance.has(nowMs, s.amount))) return this.#whole(batch, demand)
    return this.config.on_limit === 'drop' ? this.#cut(batch, demand, nowMs) : this.#wait(batch, demand, nowMs)
  }

  /** All or nothing: `retry` means that nothing was taken. */
  #wait (batch: EventBatch, demand: Demand, nowMs: number): Outcome | Promise<Outcome> {
    const waitMs = demand.shares.reduce((ms, s) => Math.max(ms, s.allowance.waitMs(nowMs, s.amount)), 0)
    if (waitMs === 0) return this.#whole(batch, demand)
    this.#turnedBack.add(batch.count)
    return retry('above the rate limit', waitMs)
  }

  #whole (batch: EventBatch, demand: Demand): Outcome | Promise<Outcome> {
    for (const { allowance, amount } of demand.shares) allowance.take(amount)
    return this.#passOn(batch, batch, demand, demand.shares, undefined)
  }

  /** Row by row, in their order: of each key as many as it may have. */
  #cut (batch: EventBatch, demand: Demand, nowMs: number): Outcome | Promise<Outcome> {
    const keep = new Uint8Array(batch.count)
    const taken = demand.shares.map((share): Share => ({ ...share, amount: { events: 0, bytes: 0 } }))
    const bytes = this.#bytes(batch)
    for (let row = 0; row < batch.count; row++) {
      if (demand.free?.[row] === 1) { keep[row] = 1; continue }
      const share = taken[demand.of?.[row] ?? 0] as Share
      const size = bytes?.[row] ?? 0
      if (!share.allowance.tryTake(nowMs, size)) continue
      share.amount.events++
      share.amount.bytes += size
      keep[row] = 1
    }
    return this.#passOn(batch, batch.filter(keep), demand, taken, keep)
  }

  #passOn (batch: EventBatch, passed: EventBatch, demand: Demand, taken: readonly Share[], keep: Uint8Array | undefined): Outcome | Promise<Outcome> {
    const outcome = passed.count === 0 ? accepted : this.next.consume(passed)
    const settle = (o: Outcome): Outcome => this.#settle(o, batch.count - passed.count, demand, taken, keep)
    return outcome instanceof Promise ? outcome.then(settle) : settle(outcome)
  }

  /** What the next did not take comes again: it is neither counted nor paid for now. */
  #settle (outcome: Outcome, dropped: number, { free }: Demand, taken: readonly Share[], keep: Uint8Array | undefined): Outcome {
    if (outcome.status === 'retry' || outcome.status === 'refused') {
      for (const { allowance, amount } of taken) allowance.giveBack(amount)
      return outcome
    }
    if (dropped > 0) this.drops.add('rate_limited', dropped)
    if (free !== undefined) this.#exempted.add(free.reduce((n, cell) => n + cell, 0))
    return keep === undefined ? outcome : inWhole(outcome, () => rowsWhere(keep, true))
  }

  #demand (batch: EventBatch, nowMs: number): Demand {
    const keyed = this.#fields.of(batch)
    const free = this.#exempt.isEmpty ? undefined : this.#exempt.match(batch)
    const shares = (keyed?.keys ?? ['']).map((key): Share => ({ key, allowance: this.#buckets.of(key, nowMs), amount: { events: 0, bytes: 0 } }))
    const bytes = this.#bytes(batch)
    if (keyed === undefined && free === undefined && bytes === undefined) (shares[0] as Share).amount.events = batch.count
    else this.#addUp(batch.count, shares, keyed?.of, free, bytes)
    this.#keys.set(this.#buckets.size)
    this.#forgotten.add(this.#buckets.forgotten - this.#toldForgotten)
    this.#toldForgotten = this.#buckets.forgotten
    return { shares, of: keyed?.of, free }
  }

  #addUp (rows: number, shares: readonly Share[], of: Uint32Array | undefined, free: Uint8Array | undefined, bytes: Uint32Array | undefined): void {
    for (let row = 0; row < rows; row++) {
      if (free?.[row] === 1) continue
      const { amount } = shares[of?.[row] ?? 0] as Share
      amount.events++
      amount.bytes += bytes?.[row] ?? 0
    }
  }

  /** Of each row, as it was received; undefined when nobody asks. */
  #bytes (batch: EventBatch): Uint32Array | undefined {
    return this.config.bytes_rate === 0 ? undefined : batch.layout.rawLength
  }
}
