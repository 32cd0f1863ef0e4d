/**
 * Stops asking somebody who does not answer, and finds out with few calls when he does again.
 *
 *   closed ── too many failures, failures in a row, or slow calls ──► open ── `openMs` passed ──► half-open
 *     ▲                                                                ▲                            │
 *     └────────────── `probes` calls in a row succeeded ───────────────┼────────────────────────────┤
 *                                                                      └────────── one failed ──────┘
 *
 * Failures are counted over a window that moves in tenths, so an old success never hides a new outage and an old failure is
 * forgotten (the original counted all failures since the start). A rate means something from `minCalls` calls on only (in the
 * original the first failure opened).
 */
import type { Clock } from '../../component/clock.js'

export type BreakerState = 'closed' | 'open' | 'half_open'

export interface BreakerRules {
  readonly windowMs: number
  readonly minCalls: number
  /** Share of failures in the window that opens; above 1 = never. */
  readonly failureRate: number
  /** Failures in a row that open, however few calls there were; 0 = never. */
  readonly consecutiveFailures: number
  /** A call that takes longer is slow; 0 = none is. */
  readonly slowCallMs: number
  /** Share of slow calls in the window that opens. */
  readonly slowCallRate: number
  readonly openMs: number
  /** Calls at once while half-open, and how many in a row must succeed. */
  readonly probes: number
}

/** A call that may be made: `end` is called once. One that was begun before the state changed counts for nothing. */
export interface Permit { end(succeeded: boolean): void }

interface Bucket { index: number, calls: number, failures: number, slow: number }

const buckets = 10

export class CircuitBreaker {
  readonly #window: Bucket[] = Array.from({ length: buckets }, () => ({ index: -1, calls: 0, failures: 0, slow: 0 }))
  #state: BreakerState = 'closed'
  /** Counts changes of state. */
  #era = 0
  #inARow = 0
  #openedAtMs = 0
  #probing = 0
  #probesDone = 0

  constructor (readonly rules: BreakerRules, readonly clock: Clock, readonly onChange: (to: BreakerState, why: string) => void) {}

  /** An open breaker is seen as open until somebody asks for a call. */
  get state (): BreakerState { return this.#state }

  /** A permit, or for how many milliseconds there is none. */
  enter (): Permit | number {
    if (this.#state === 'open') {
      const leftMs = this.#openedAtMs + this.rules.openMs - this.clock.monotonicMs()
      if (leftMs > 0) return Math.max(1, Math.ceil(leftMs))
      this.#become('half_open', `closed off for ${this.rules.openMs} ms: trying again`)
    }
    if (this.#state === 'half_open') {
      if (this.#probing + this.#probesDone >= this.rules.probes) return Math.max(1, Math.ceil(this.rules.openMs / 10))
      this.#probing++
    }
    return this.#permit()
  }

  #permit (): Permit {
    const era = this.#era
    const startedMs = this.clock.monotonicMs()
    let over = false
    return {
      end: succeeded => {
        if (over || era !== this.#era) return
        over = true
        const slow = this.rules.slowCallMs > 0 && this.clock.monotonicMs() - startedMs > this.rules.slowCallMs
        if (this.#state === 'half_open') this.#probed(succeeded && !slow)
        else this.#count(succeeded, slow)
      }
    }
  }

  #probed (well: boolean): void {
    this.#probing--
    if (!well) { this.#open('a trial call failed'); return }
    if (++this.#probesDone >= this.rules.probes) this.#become('closed', `${this.rules.probes} trial calls succeeded`)
  }

  #count (succeeded: boolean, slow: boolean): void {
    const bucket = this.#bucket()
    bucket.calls++
    if (!succeeded) bucket.failures++
    if (slow) bucket.slow++
    this.#inARow = succeeded ? 0 : this.#inARow + 1
    const why = this.#tooBad()
    if (why !== '') this.#open(why)
  }

  #tooBad (): string {
    const { consecutiveFailures, minCalls, failureRate, slowCallRate, slowCallMs, windowMs } = this.rules
    if (consecutiveFailures > 0 && this.#inARow >= consecutiveFailures) return `${this.#inARow} calls in a row failed`
    const newest = this.#index()
    let [calls, failures, slow] = [0, 0, 0]
    for (const b of this.#window) {
      if (b.index <= newest - buckets) continue
      calls += b.calls
      failures += b.failures
      slow += b.slow
    }
    if (calls < minCalls) return ''
    if (failures / calls >= failureRate) return `${failures} of ${calls} calls within ${windowMs} ms failed`
    return slowCallMs > 0 && slow / calls >= slowCallRate ? `${slow} of ${calls} calls within ${windowMs} ms took longer than ${slowCallMs} ms` : ''
  }

  #bucket (): Bucket {
    const index = this.#index()
    const bucket = this.#window[index % buckets] as Bucket
    if (bucket.index !== index) Object.assign(bucket, { index, calls: 0, failures: 0, slow: 0 })
    return bucket
  }

  #index (): number { return Math.floor(this.clock.monotonicMs() / (this.rules.windowMs / buckets)) }

  #open (why: string): void {
    this.#openedAtMs = this.clock.monotonicMs()
    this.#become('open', why)
  }

  #become (state: BreakerState, why: string): void {
    this.#state = state
    this.#era++
    this.#inARow = this.#probing = this.#probesDone = 0
    for (const bucket of this.#window) bucket.index = -1
    this.onChange(state, why)
  }
}
