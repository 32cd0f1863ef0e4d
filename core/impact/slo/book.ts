/**
 * What services promised and what they did: requests counted from server spans, by columns, for services with targets only. Counting
 * costs nothing for resources without a target, and a few reads a span for others; memory is fixed for each target.
 */
import type { EntityRef } from '../../correlation/entity.js'
import type { EventBatch } from '../../data/batch.js'
import { words } from '../../data/columns.js'
import { Signal } from '../../data/enums.js'
import type { Resource } from '../../data/resource.js'
import type { SloViolation } from '../../incidents/incident.js'
import { burnOf, burnRate, minBad, type Burn } from './burn.js'
import { RequestRing, type Counts } from './request-ring.js'
import { serviceOf, type Objective, type SloTarget } from './target.js'

/** OTLP: Span.kind and Status.code. */
const kindServer = 2
const statusError = 2

/** Fine enough for a 5 minute window, kept for the longest alert window. */
const fineMs = 10_000
const fineBuckets = 2160
/** For longer periods: this many steps of it. */
const coarseBuckets = 360

/** What has become of one objective. */
export interface Standing {
  readonly entity: EntityRef
  readonly objective: Objective
  readonly target: number
  readonly burn: Burn | undefined
  readonly violation: SloViolation | undefined
}

class Account {
  readonly fine = new RequestRing(fineMs, fineBuckets)
  readonly coarse: RequestRing | undefined
  readonly thresholdMs: number
  /** Known with the first resource when the target names no namespace. */
  entity: EntityRef | undefined

  constructor (readonly target: SloTarget) {
    this.thresholdMs = target.latency?.thresholdMs ?? Infinity
    if (target.windowMs > fineMs * fineBuckets) this.coarse = new RequestRing(target.windowMs / coarseBuckets, coarseBuckets)
  }

  add (endMs: number, durationMs: number, isFailed: boolean): void {
    const isSlow = durationMs > this.thresholdMs
    this.fine.add(endMs, isFailed, isSlow)
    this.coarse?.add(endMs, isFailed, isSlow)
  }

  within (nowMs: number, windowMs: number): Counts {
    return (windowMs > fineMs * fineBuckets && this.coarse !== undefined ? this.coarse : this.fine).sum(nowMs, windowMs)
  }
}

export class SloBook {
  readonly #accounts: readonly Account[]
  readonly #known = new WeakMap<Resource, readonly Account[]>()
  #standings: readonly Standing[] = []

  constructor (targets: readonly SloTarget[] = []) { this.#accounts = targets.map(target => new Account(target)) }

  /** As of the last `judge`. */
  get standings (): readonly Standing[] { return this.#standings }

  /** Requests that came too late, or with an absurd time. */
  get late (): number { return this.#accounts.reduce((sum, { fine }) => sum + fine.late, 0) }

  count (batch: EventBatch, from: number, to: number): void {
    const { resources } = batch
    const accounts = resources.map(resource => this.#accountsOf(resource))
    if (accounts.every(a => a.length === 0)) return
    const { signal, resource, spanKind, statusCode, httpStatusCode, durationNano, timeUnixNano } = batch.columns
    if (spanKind === undefined) return
    const [starts, durations] = [words(timeUnixNano), durationNano === undefined ? undefined : words(durationNano)]
    for (let row = from; row < to; row++) {
      if (spanKind[row] !== kindServer || signal[row] !== Signal.traces) continue
      const own = accounts[resource[row] as number]
      if (own === undefined || own.length === 0) continue
      const durationMs = durations === undefined ? 0 : millis(durations, row)
      const isFailed = statusCode?.[row] === statusError || (httpStatusCode?.[row] ?? 0) >= 500
      for (const account of own) account.add(millis(starts, row) + durationMs, durationMs, isFailed)
    }
  }

  /** All objectives that have seen requests, in the order of the targets. */
  judge (nowMs: number): readonly Standing[] {
    return (this.#standings = this.#accounts.flatMap(account => standingsOf(account, nowMs)))
  }

  #accountsOf (resource: Resource): readonly Account[] {
    const known = this.#known.get(resource)
    if (known !== undefined) return known
    const found = this.#accounts.filter(account => {
      const entity = serviceOf(account.target, resource.attributes)
      account.entity ??= entity
      return entity !== undefined
    })
    this.#known.set(resource, found)
    return found
  }
}

const nanosPerHighMs = 4294967296 / 1e6

function millis (nanos: Uint32Array, row: number): number { return (nanos[2 * row + 1] as number) * nanosPerHighMs + (nanos[2 * row] as number) / 1e6 }

function standingsOf (account: Account, nowMs: number): Standing[] {
  const { target: { availability, latency }, fine } = account
  if (fine.isEmpty) return []
  return [
    ...(availability === undefined ? [] : [standingOf(account, 'availability', availability, nowMs)]),
    ...(latency === undefined ? [] : [standingOf(account, 'latency', latency.target, nowMs)])
  ]
}

function standingOf (account: Account, objective: Objective, target: number, nowMs: number): Standing {
  const { target: { service, windowMs: periodMs }, entity = { kind: 'Service', name: service } } = account
  const within = (windowMs: number): { readonly bad: number, readonly all: number } => {
    const { all, failed, slow } = account.within(nowMs, windowMs)
    return { bad: objective === 'availability' ? failed : slow, all }
  }
  const burn = burnOf(target, periodMs, within)
  const { bad, all } = within(periodMs)
  const rate = burnRate(bad, all, target)
  const about = { service, objective, target }
  const spent = bad >= minBad && rate >= 1 ? { ...about, observed: rounded(1 - bad / all), burnRate: rounded(rate), windowMs: periodMs } : undefined
  // A burn says more than a period that is mostly from before it.
  const violation = burn === undefined ? spent : { ...about, observed: rounded(burn.observed), burnRate: rounded(burn.rate), windowMs: burn.windowMs }
  return { entity, objective, target, burn, violation }
}

const rounded = (n: number): number => Math.round(n * 1e6) / 1e6
